using System.Numerics;
using System.Runtime.CompilerServices;

namespace KvCache.Blocks;

/// <summary>Gives up the block that has been idle longest; within one sequence its tail before its head.</summary>
/// <remarks>
/// <para>A ring of block ids in the order in which they became idle. A block revived from the middle leaves a hole, which
/// is skipped when it comes to the front and squeezed out when holes fill half of the ring: amortised O(1) per block, and
/// nothing is allocated once the ring has grown. A ring rather than a linked list, because ids that stand side by side
/// can be fetched at once where a chain of links must be followed one by one.</para>
/// <para>It does not look at frequency, cost or priority. Source of the order: the free-block queue of vLLM V1.</para>
/// </remarks>
public sealed class LeastRecentlyUsed : EvictionPolicy
{
    private const int None = -1;

    /// <summary>The largest power of two that an array can have; a pool has no more blocks.</summary>
    private const int MaximumRing = 1 << 30;
    private int[] _ring = [];
    private int[] _slots = [];
    private long _head;
    private long _tail;
    private int _count;

    /// <inheritdoc/>
    public override int Count => _count;

    /// <inheritdoc/>
    public override void Add(ReadOnlySpan<int> blocks)
    {
        if (_tail - _head + blocks.Length > _ring.Length)
        {
            MakeRoom(blocks.Length);
        }

        int[] ring = _ring;
        foreach (int block in blocks)
        {
            if ((uint)block >= (uint)_slots.Length)
            {
                GrowSlots(block);
            }

            int slot = (int)_tail++ & (ring.Length - 1);
            ring[slot] = block;
            _slots[block] = slot;
        }

        _count += blocks.Length;
    }

    /// <inheritdoc/>
    public override void Remove(int block)
    {
        if ((uint)block >= (uint)_slots.Length || _slots[block] == None)
        {
            Throw.InvalidOperation($"Block {block} is not idle.");
        }

        _ring[_slots[block]] = None;
        _slots[block] = None;
        _count--;
    }

    /// <inheritdoc/>
    public override void Take(Span<int> blocks)
    {
        Throw.IfNotWithin(blocks.Length, _count);
        int[] ring = _ring;
        for (int i = 0; i < blocks.Length;)
        {
            int block = ring[(int)_head++ & (ring.Length - 1)];
            if (block != None)
            {
                _slots[block] = None;
                blocks[i++] = block;
            }
        }

        _count -= blocks.Length;
    }

    /// <inheritdoc/>
    public override int[] ToArray()
    {
        List<int> blocks = new(_count);
        for (long ticket = _head; ticket < _tail; ticket++)
        {
            int block = _ring[(int)ticket & (_ring.Length - 1)];
            if (block != None)
            {
                blocks.Add(block);
            }
        }

        return [.. blocks];
    }

    /// <inheritdoc/>
    public override void CheckIntegrity(Action<string> report)
    {
        ArgumentNullException.ThrowIfNull(report);
        int[] blocks = ToArray();
        if (blocks.Length != _count)
        {
            report($"The idle order holds {blocks.Length} blocks; its count says {_count}.");
        }

        foreach (int block in blocks)
        {
            int slot = (uint)block < (uint)_slots.Length ? _slots[block] : None;
            if ((uint)slot >= (uint)_ring.Length || _ring[slot] != block)
            {
                report($"Idle block {block} says that it stands at {slot}, where it does not.");
            }
        }

        int standing = _slots.Count(slot => slot != None);
        if (standing != _count)
        {
            report($"{standing} blocks say that they are idle; the count says {_count}.");
        }
    }

    /// <summary>The ids in order, holes among them, for tests that plant faults.</summary>
    internal Span<int> Ring => _ring;

    /// <summary>Where each block stands in the ring, for tests that plant faults.</summary>
    internal Span<int> Slots => _slots;

    /// <summary>Squeezes the holes out, in place where half of the ring is enough, into a larger ring otherwise.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void MakeRoom(int added)
    {
        uint wanted = BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(2L * ((long)_count + added), 64, MaximumRing));
        bool grow = wanted > _ring.Length;
        int[] ring = grow ? new int[wanted] : _ring;
        long head = grow ? 0 : _head;
        long tail = head;
        for (long ticket = _head; ticket < _tail; ticket++)
        {
            int block = _ring[(int)ticket & (_ring.Length - 1)];
            if (block != None)
            {
                int slot = (int)tail++ & (ring.Length - 1);
                ring[slot] = block;
                _slots[block] = slot;
            }
        }

        (_ring, _head, _tail) = (ring, head, tail);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void GrowSlots(int block)
    {
        int used = _slots.Length;
        Array.Resize(ref _slots, (int)Math.Min(Array.MaxLength, Math.Max(64L, Math.Max(block + 1L, used * 2L))));
        _slots.AsSpan(used).Fill(None);
    }
}
