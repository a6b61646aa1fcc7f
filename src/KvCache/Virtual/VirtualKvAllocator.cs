using System.Diagnostics.CodeAnalysis;
using KvCache.Blocks;
using KvCache.Diagnostics;
using KvCache.Memory;
using KvCache.Steps;

namespace KvCache.Virtual;

/// <summary>Virtual tensors: every sequence is one contiguous range of addresses per layer; memory is mapped into it as it grows.</summary>
/// <remarks>
/// <para>Kernels see a page table with one column whose page is the whole range, or plain addresses by
/// <see cref="KvLayerView.TryGetContiguous"/>. Memory comes in groups of chunks (<see cref="Plan"/>), is taken from the system when it is first
/// needed, and really goes back to it with <see cref="Trim"/>.</para>
/// <para>Prefixes are found by blocks, although memory comes in groups: whole groups are shared by mapping the same chunks, the part of one
/// that remains is copied, or taken over where nobody else has it. Forks share groups and copy one when it is written to. Equal
/// content computed twice is kept twice. <see cref="Usage"/> counts whole groups: all blocks of a group are in the state that the group is in.</para>
/// <para>Addresses are stable while a sequence is open, except that copy-on-write moves it: then the next step shows another page.</para>
/// <para>It waits for no fence: mappings that running work may read stay as they are. Touching what is not mapped ends the process, or
/// loses the GPU's context; a view never leads there, because lengths never exceed what is mapped.</para>
/// <para>Threads: one owner thread at a time. Source: Xu et al., "vTensor: Flexible Virtual Tensor Management for Efficient LLM Serving",
/// arXiv 2407.15309; slots that stay mapped follow TensorRT-LLM's and vAttention's (Prabhu et al., ASPLOS 2025).</para>
/// </remarks>
public sealed class VirtualKvAllocator : IKvAllocator
{
    private readonly OwnerGuard _guard = new();
    private readonly List<VirtualSequence> _open = [];
    private readonly AllocatorMeters _meters;
    private readonly IVirtualMemory _memory;
    private readonly VirtualLedger _ledger;
    private readonly VirtualSpace _space;
    private readonly StepBooks _books;
    private readonly VirtualStep _step;
    private readonly bool _ownsMemory;
    private readonly int _maxSequences;
    private int[] _matched = [];
    private long _nextSequence = 1;
    private bool _disposed;

    /// <summary>Makes an allocator and reserves its addresses; memory is taken when it is needed.</summary>
    /// <param name="options">The geometry, the size and the policies.</param>
    /// <exception cref="ArgumentException">An option is missing, out of range, or contradicts another.</exception>
    /// <exception cref="InsufficientMemoryException">The system has not that many addresses.</exception>
    /// <exception cref="PlatformNotSupportedException">The system cannot map memory; <see cref="IsSupported"/> asks before.</exception>
    public VirtualKvAllocator(VirtualKvAllocatorOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        Geometry = options.Geometry;
        BlockTokens = options.BlockTokens;
        LookaheadTokens = options.LookaheadTokens;
        _maxSequences = options.MaxSequences;
        _ownsMemory = options.Memory is null;
        Events = options.EventCapacity > 0 ? new KvEventStream(options.EventCapacity) : null;
        _meters = new AllocatorMeters(options.Name, options.MeterFactory);
        try
        {
            _memory = options.MakeMemory();
            Plan = new ChunkPlan(Geometry, _memory.ChunkBytes, BlockTokens, options.Layout);
            int groups = options.CountGroups(_memory, Plan);
            int maxTokens = (int)Math.Min(options.MaxSequenceTokens, Math.Min(int.MaxValue / 2, (long)groups * Plan.GroupTokens));
            int slotGroups = (int)(((long)maxTokens + Plan.GroupTokens - 1) / Plan.GroupTokens);
            int slots = options.CountSlots(Plan, slotGroups);
            _ledger = new VirtualLedger(options, Plan, groups, maxTokens, _meters, Events);
            GroupMemory memory = new(_memory, Plan, groups, slots + 1, slotGroups);
            _space = new VirtualSpace(_ledger, memory, slots, slotGroups);
            _books = new StepBooks(_memory, _ledger.Retired, _space.RetiredSlots, _space.Ahead);
            _step = new VirtualStep(_books, memory);
        }
        catch
        {
            _ledger?.Dispose();
            if (_ownsMemory)
            {
                _memory?.Dispose();
            }

            _meters.Dispose();
            throw;
        }

        _meters.Observe(() => Usage);
    }

    /// <summary>Gets whether this system can map memory as the allocator's own memory needs it.</summary>
    public static bool IsSupported => HostVirtualMemory.IsSupported;

    /// <inheritdoc/>
    public KvGeometry Geometry { get; }

    /// <inheritdoc/>
    public IKvDevice Device => _memory.Device;

    /// <inheritdoc/>
    public int BlockTokens { get; }

    /// <inheritdoc/>
    public KvEventStream? Events { get; }

    /// <summary>Gets how tokens fall into chunks, and what that wastes.</summary>
    public ChunkPlan Plan { get; }

    /// <summary>Gets the bytes of memory taken from the system now, whatever they hold; with those that are being taken ahead of need.</summary>
    public long CommittedBytes => _space.Backing.Count * Plan.GroupBytes;

    /// <summary>Gets how the memory is used now, in blocks: a group's blocks are all in the state that the group is in.</summary>
    public KvUsage Usage
    {
        get
        {
            BlockPool pool = _ledger.Pool;
            int blocks = _ledger.GroupBlocks;
            return new KvUsage(
                pool.Capacity * blocks, pool.Cached * blocks, pool.Owned * blocks, pool.InTransfer * blocks, _open.Count, checked(Geometry.BytesPerToken * BlockTokens));
        }
    }

    /// <summary>Gets the addresses of one layer's keys, of all sequences there can be: what a device must be told of that has to know its memory.</summary>
    /// <param name="layer">0 … layers − 1.</param>
    /// <returns>The first byte's address and the length; they stay as they are. Only what views lead to is mapped.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such layer.</exception>
    public (nint Address, long Bytes) GetKeyRange(int layer) => GetRange(layer, values: false);

    /// <summary>Gets the addresses of one layer's values; see <see cref="GetKeyRange"/>.</summary>
    /// <param name="layer">0 … layers − 1.</param>
    /// <returns>The first byte's address and the length.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such layer.</exception>
    public (nint Address, long Bytes) GetValueRange(int layer) => GetRange(layer, values: true);

    /// <inheritdoc/>
    public bool TryOpen(
        ReadOnlySpan<int> prompt,
        KvSequenceOptions? options,
        int reserve,
        [NotNullWhen(true)] out KvSequence? sequence,
        out KvRefusal refusal)
    {
        using OwnerGuard.Scope scope = _guard.Enter();
        VirtualAdmissionPlan plan = Admit(prompt, options, reserve);
        refusal = plan.Refusal;
        if (refusal == KvRefusal.None && !_ledger.TryPrepare(plan.NewGroups))
        {
            refusal = KvRefusal.OutOfHostMemory;
        }

        sequence = refusal == KvRefusal.None
            ? VirtualSequence.TryOpen(this, options ?? KvSequenceOptions.Default, prompt, plan, _matched, out refusal)
            : null;
        if (sequence is null)
        {
            _meters.Refused(refusal);
            return false;
        }

        _meters.Opened(prompt.Length, sequence.HitLength);
        return true;
    }

    /// <inheritdoc/>
    public KvAdmission Probe(ReadOnlySpan<int> prompt, KvSequenceOptions? options, int reserve)
    {
        using OwnerGuard.Scope scope = _guard.Enter();
        VirtualAdmissionPlan plan = Admit(prompt, options, reserve);
        int blocks = _ledger.GroupBlocks;
        return new KvAdmission(plan.Refusal, plan.HitBlocks * BlockTokens, plan.NewGroups * blocks, plan.RevivedGroups * blocks);
    }

    /// <inheritdoc/>
    public KvStep BeginStep(ReadOnlySpan<KvRow> rows)
    {
        using OwnerGuard.Scope scope = _guard.Enter();
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _step.Begin(this, rows);
    }

    /// <summary>Gives memory that no sequence owns back to the operating system: first what holds nothing, then cached prefixes, oldest first.</summary>
    /// <param name="bytes">How many bytes to give back, at most (rounded up to whole groups).</param>
    /// <returns>How many bytes were given back; less where less was idle.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bytes"/> is negative.</exception>
    public long Trim(long bytes)
    {
        using OwnerGuard.Scope scope = _guard.Enter();
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        _space.Ahead.Finish();
        _books.Collect();
        long wanted = (bytes / Plan.GroupBytes) + (bytes % Plan.GroupBytes > 0 ? 1 : 0);
        int[] trimmed = new int[Math.Min(wanted, _ledger.Pool.Idle.Count)];
        _ledger.Pool.TakeIdle(trimmed);
        _ledger.Evict(trimmed);
        _ledger.Pool.SetAside(trimmed);
        return _space.Destroy(trimmed) * Plan.GroupBytes;
    }

    /// <inheritdoc/>
    public bool TryClear()
    {
        using OwnerGuard.Scope scope = _guard.Enter();
        ObjectDisposedException.ThrowIf(_disposed, this);
        _space.Ahead.Finish();
        _books.Collect();
        if (_open.Count > 0 || _ledger.Pool.InTransfer > 0)
        {
            return false;
        }

        _ledger.Clear();
        Events?.Write(KvCacheEventKind.Cleared, default, default, 0);
        return true;
    }

    /// <summary>Lists what can be found in the cache, parents before children: where a reader of <see cref="Events"/> begins after a resynchronisation mark.</summary>
    /// <remarks>Owner thread; O(blocks ever used). The sequence numbers are those of the next event.</remarks>
    /// <returns>One stored event per distinct content.</returns>
    public IReadOnlyList<KvCacheEvent> ListStored()
    {
        using OwnerGuard.Scope scope = _guard.Enter();
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _ledger.Index?.ListStored(Events?.NextSequenceNumber ?? 0) ?? [];
    }

    /// <inheritdoc/>
    public void CheckIntegrity()
    {
        using OwnerGuard.Scope scope = _guard.Enter();
        ObjectDisposedException.ThrowIf(_disposed, this);
        _space.Ahead.Finish();
        new VirtualIntegrity(_ledger, _space, _step, _memory, Plan, _open).Check();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        using OwnerGuard.Scope scope = _guard.Enter();
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _step.Abandon();
        _ledger.Retired.WaitForSteps();
        foreach (VirtualSequence sequence in _open.ToArray())
        {
            sequence.Dispose();
        }

        _step.Dispose();
        _space.Dispose();
        _ledger.Dispose();
        if (_ownsMemory)
        {
            _memory.Dispose();
        }

        _meters.Dispose();
    }

    internal OwnerGuard Guard => _guard;

    internal VirtualLedger Ledger => _ledger;

    internal VirtualSpace Space => _space;

    internal StepBooks Books => _books;

    internal VirtualStep Step => _step;

    internal IReadOnlyList<VirtualSequence> OpenSequences => _open;

    /// <summary>Gets a value indicating whether one more sequence may be open.</summary>
    internal bool HasRoomForSequence => _open.Count < _maxSequences && _space.Slots.Available > 0;

    internal int LookaheadTokens { get; }

    internal long NextSequenceId() => _nextSequence++;

    internal int Register(VirtualSequence sequence)
    {
        _open.Add(sequence);
        return _open.Count - 1;
    }

    /// <summary>Takes a sequence off the list of open ones; the last takes its place.</summary>
    internal void Unregister(int index)
    {
        VirtualSequence last = _open[^1];
        _open[index] = last;
        last.OpenIndex = index;
        _open.RemoveAt(_open.Count - 1);
    }

    private (nint Address, long Bytes) GetRange(int layer, bool values)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if ((uint)layer >= (uint)Geometry.LayerCount)
        {
            throw new ArgumentOutOfRangeException(nameof(layer), layer, $"layer is {layer}; expected 0 … {Geometry.LayerCount - 1}.");
        }

        return _space.Memory.RangeOf(layer, values);
    }

    private VirtualAdmissionPlan Admit(ReadOnlySpan<int> prompt, KvSequenceOptions? options, int reserve)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(reserve);
        _books.Collect();
        int blocks = prompt.Length / BlockTokens;
        if (blocks > _matched.Length)
        {
            _matched = new int[Math.Max(blocks, _matched.Length * 2)];
        }

        KvNamespace identity = (options ?? KvSequenceOptions.Default).Namespace;
        VirtualAdmissionPlan plan = _ledger.Plan(prompt, identity, reserve, _matched);
        return plan.Refusal == KvRefusal.None && !HasRoomForSequence ? plan with { Refusal = KvRefusal.OutOfDeviceMemory } : plan;
    }
}
