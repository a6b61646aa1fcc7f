using System.Buffers;
using KvCache.Memory;
using KvCache.Steps;

namespace KvCache.Virtual;

/// <summary>The addresses of all slots and the chunks of all groups: creates, maps and unmaps whole groups, all layers or none.</summary>
/// <remarks>
/// A <em>lane</em> is one layer's keys or values, or both token by token. Every lane is one range of addresses, slot after slot; groups that follow one another have
/// chunks that follow one another in every lane, so that they map as one run. Keeps no books of what is mapped. Mapping may be
/// done by two threads at once, at different addresses; the rest by the owner.
/// </remarks>
internal sealed class GroupMemory : IDisposable
{
    private readonly IVirtualMemory _memory;
    private readonly ChunkPlan _plan;
    private readonly Lane[] _lanes;
    private readonly KvCopy[] _copies;
    private readonly int _layers;

    /// <param name="memory">Where from.</param>
    /// <param name="plan">What a group is.</param>
    /// <param name="groupCount">How many groups there are.</param>
    /// <param name="slots">How many slots.</param>
    /// <param name="slotGroups">Groups for which a slot has addresses.</param>
    public GroupMemory(IVirtualMemory memory, ChunkPlan plan, int groupCount, int slots, int slotGroups)
    {
        _memory = memory;
        _plan = plan;
        _layers = plan.Geometry.LayerCount;
        KvLayerGroup shape = plan.Geometry.GroupOf(0);
        Layout = new PageLayout(shape, checked(slotGroups * plan.GroupTokens), plan.Ranges[0].TokenBytes, plan.Ranges[^1].TokenBytes);
        _lanes = new Lane[plan.Ranges.Count * _layers];
        _copies = new KvCopy[_lanes.Length];
        int firstChunk = 0;
        for (int lane = 0; lane < _lanes.Length; lane++)
        {
            (long tokenBytes, int chunks) = plan.Ranges[lane / _layers];
            long slotBytes = checked(tokenBytes * Layout.TokensPerPage);
            long bytes = checked(slotBytes * slots);
            if (!memory.TryReserve(bytes, out nint address))
            {
                ReleaseLanes();
                throw new InsufficientMemoryException(
                    $"Virtual memory \"{memory.Name}\" has no {bytes} addresses for {slots} slots of {Layout.TokensPerPage} tokens (lane {lane} of {_lanes.Length}, {plan.Geometry}). "
                    + "Fewer sequences, or shorter ones, need fewer.");
            }

            _lanes[lane] = new Lane(address, bytes, slotBytes, tokenBytes, chunks, firstChunk);
            firstChunk = checked(firstChunk + (chunks * groupCount));
        }
    }

    /// <summary>Gets the layout of a slot, which is the one page of a sequence.</summary>
    public PageLayout Layout { get; }

    /// <summary>Gets whether a layer's keys and values are in one range, token by token.</summary>
    public bool IsInterleaved => _plan.Layout == TokenLayout.Interleaved;

    /// <summary>The addresses of all slots of one layer's keys, or of its values; interleaved, both are in one range.</summary>
    public (nint Address, long Bytes) RangeOf(int layer, bool values)
    {
        Lane lane = _lanes[values && !IsInterleaved ? _layers + layer : layer];
        return (lane.Address, lane.Bytes);
    }

    public KvFence RecordFence() => _memory.RecordFence();

    public IKvDevice Device => _memory.Device;

    public LayerPlace[] Places(PageTable table) =>
        [.. Enumerable.Range(0, _layers).Select(layer => new LayerPlace(_lanes[layer].Address, ValuesOf(layer), table))];

    /// <summary>Backs groups with memory, all or none.</summary>
    public bool TryCreate(ReadOnlySpan<int> groups) => WithChunks(groups, static (memory, chunks) => memory.TryCreate(chunks));

    /// <summary>Gives the memory of groups back to the system.</summary>
    public void Destroy(ReadOnlySpan<int> groups) => WithChunks(groups, static (memory, chunks) =>
    {
        memory.Destroy(chunks);
        return true;
    });

    /// <summary>Maps groups one after the other, in every lane or in none.</summary>
    public bool TryMap(int slot, int position, ReadOnlySpan<int> groups, bool writable)
    {
        int most = groups.Length * _plan.ChunksPerGroup / _layers;
        int[] rented = ArrayPool<int>.Shared.Rent(most);
        int mapped = 0;
        while (mapped < _lanes.Length && TryMapLane(_lanes[mapped], slot, position, groups, writable, rented))
        {
            mapped++;
        }

        ArrayPool<int>.Shared.Return(rented);
        if (mapped == _lanes.Length)
        {
            return true;
        }

        UnmapLanes(mapped, slot, position, groups.Length);
        return false;
    }

    /// <summary>Takes groups' mappings away, in every lane.</summary>
    public void Unmap(int slot, int position, int count) => UnmapLanes(_lanes.Length, slot, position, count);

    /// <summary>Copies the first tokens of one mapped group to another, in every layer.</summary>
    /// <param name="source">Slot and position of the one.</param>
    /// <param name="destination">Slot and position of the other.</param>
    /// <param name="tokens">How many tokens.</param>
    public KvTransfer Copy((int Slot, int Position) source, (int Slot, int Position) destination, int tokens)
    {
        for (int i = 0; i < _lanes.Length; i++)
        {
            _copies[i] = new KvCopy(AddressOf(_lanes[i], source), AddressOf(_lanes[i], destination), tokens * _lanes[i].TokenBytes);
        }

        return _memory.Device.Copy(_copies);
    }

    /// <summary>Gives the addresses back. Nothing is mapped any more.</summary>
    public void Dispose() => ReleaseLanes();

    /// <summary>Where a layer's values begin: behind the keys of the first token where both lie side by side, elsewhere otherwise.</summary>
    private nint ValuesOf(int layer) => IsInterleaved
        ? _lanes[layer].Address + (nint)Layout.Shape.KeyBytesPerToken
        : _lanes[_layers + layer].Address;

    private bool TryMapLane(in Lane lane, int slot, int position, ReadOnlySpan<int> groups, bool writable, int[] buffer)
    {
        int count = 0;
        foreach (int group in groups)
        {
            for (int i = 0; i < lane.Chunks; i++)
            {
                buffer[count++] = lane.FirstChunk + (group * lane.Chunks) + i;
            }
        }

        return _memory.TryMap(AddressOf(lane, (slot, position)), buffer.AsSpan(0, count), writable);
    }

    private void UnmapLanes(int lanes, int slot, int position, int count)
    {
        for (int lane = 0; lane < lanes; lane++)
        {
            _memory.Unmap(AddressOf(_lanes[lane], (slot, position)), count * _lanes[lane].Chunks);
        }
    }

    private bool WithChunks(ReadOnlySpan<int> groups, Func<IVirtualMemory, ReadOnlySpan<int>, bool> act)
    {
        if (groups.IsEmpty)
        {
            return true;
        }

        int[] chunks = ArrayPool<int>.Shared.Rent(groups.Length * _plan.ChunksPerGroup);
        int count = 0;
        foreach (ref readonly Lane lane in _lanes.AsSpan())
        {
            foreach (int group in groups)
            {
                for (int i = 0; i < lane.Chunks; i++)
                {
                    chunks[count++] = lane.FirstChunk + (group * lane.Chunks) + i;
                }
            }
        }

        bool answer = act(_memory, chunks.AsSpan(0, count));
        ArrayPool<int>.Shared.Return(chunks);
        return answer;
    }

    private nint AddressOf(in Lane lane, (int Slot, int Position) place) =>
        lane.Address + (nint)((place.Slot * lane.SlotBytes) + (place.Position * (long)lane.Chunks * _plan.ChunkBytes));

    private void ReleaseLanes()
    {
        foreach (Lane lane in _lanes)
        {
            if (lane.Bytes > 0)
            {
                _memory.Release(lane.Address, lane.Bytes);
            }
        }
    }

    /// <summary>One layer's keys or values, or both.</summary>
    private readonly record struct Lane(nint Address, long Bytes, long SlotBytes, long TokenBytes, int Chunks, int FirstChunk);
}
