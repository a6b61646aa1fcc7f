using System.Diagnostics.CodeAnalysis;
using KvCache.Blocks;
using KvCache.Diagnostics;
using KvCache.Memory;
using KvCache.Steps;
using KvCache.Tiers;

namespace KvCache.Paged;

/// <summary>The default manager: fixed blocks of tokens, one block table per sequence, prefixes shared by content.</summary>
/// <remarks>
/// <para>No external fragmentation; at most one partly filled block per sequence is wasted. Freed blocks stay cached
/// until they are taken. Forks share blocks and copy one when it is written to.</para>
/// <para>It does not move blocks, evict by cost, keep cached blocks on host or disk, or share less than a whole block.</para>
/// <para>Threads: one owner thread at a time. Source: Kwon et al., "Efficient Memory Management for Large Language
/// Model Serving with PagedAttention", SOSP 2023; the free-block queue and hit rules follow vLLM V1.</para>
/// </remarks>
public sealed class PagedKvAllocator : IKvAllocator
{
    private readonly OwnerGuard _guard = new();
    private readonly List<PagedSequence> _open = [];
    private readonly AllocatorMeters _meters;
    private readonly BlockMemory _memory;
    private readonly PagedLedger _ledger;
    private readonly PagedStep _step;
    private readonly long _blockBytes;
    private int[] _matched = [];
    private long _nextSequence = 1;
    private bool _disposed;

    /// <summary>Makes an allocator and asks the device for its memory, which is backed when it is first touched.</summary>
    /// <param name="options">The geometry, the size and the policies.</param>
    /// <exception cref="ArgumentException">An option is missing, out of range, or contradicts another.</exception>
    /// <exception cref="InsufficientMemoryException">The device has not that much memory.</exception>
    /// <exception cref="OverflowException">The size in bytes exceeds 2⁶³ − 1.</exception>
    public PagedKvAllocator(PagedKvAllocatorOptions options)
        : this(options, face: null, make: null)
    {
    }

    /// <summary>Makes the books of another manager, whose blocks' pages lie elsewhere than in one range of the device.</summary>
    /// <param name="options">The geometry, the size and the policies.</param>
    /// <param name="face">The allocator that sequences say they are of; null for this one.</param>
    /// <param name="make">Makes the memory and the step over it; null for paged memory.</param>
    internal PagedKvAllocator(
        PagedKvAllocatorOptions options, IKvAllocator? face, Func<PagedKvAllocator, (BlockMemory Memory, PagedStep Step)>? make)
    {
        ArgumentNullException.ThrowIfNull(options);
        int blockCount = options.Validate();
        Face = face ?? this;
        Geometry = options.Geometry;
        Device = options.Device;
        BlockTokens = options.BlockTokens;
        _blockBytes = checked(Geometry.BytesPerToken * BlockTokens);
        Events = options.EventCapacity > 0 ? new KvEventStream(options.EventCapacity) : null;
        _meters = new AllocatorMeters(options.Name, options.MeterFactory);
        try
        {
            // The device's memory comes last, so that nothing which fails before it leaves any behind.
            _ledger = new PagedLedger(options, blockCount, _meters, Events);
            HostStore = options.HostTier is { } tier ? new HostStore(tier, Geometry, BlockTokens, Device) : null;
            (_memory, _step) = make?.Invoke(this) ?? MakePaged(blockCount);
        }
        catch
        {
            HostStore?.Dispose();
            _meters.Dispose();
            throw;
        }

        _meters.Observe(() => Usage);
    }

    /// <inheritdoc/>
    public KvGeometry Geometry { get; }

    /// <inheritdoc/>
    public IKvDevice Device { get; }

    /// <inheritdoc/>
    public int BlockTokens { get; }

    /// <inheritdoc/>
    public KvEventStream? Events { get; }

    /// <inheritdoc/>
    public HostTier? HostTier => HostStore?.Tier;

    /// <inheritdoc/>
    public KvUsage Usage
    {
        get
        {
            BlockPool pool = _ledger.Pool;
            return new KvUsage(pool.Capacity, pool.Cached, pool.Owned, pool.InTransfer, _open.Count, _blockBytes);
        }
    }

    /// <inheritdoc/>
    public bool TryOpen(
        ReadOnlySpan<int> prompt,
        KvSequenceOptions? options,
        int reserve,
        [NotNullWhen(true)] out KvSequence? sequence,
        out KvRefusal refusal)
    {
        using OwnerGuard.Scope scope = _guard.Enter();
        AdmissionPlan plan = Plan(prompt, options, reserve);
        refusal = plan.Refusal;
        sequence = null;
        if (refusal == KvRefusal.None && !_ledger.TryPrepare(plan.NewBlocks))
        {
            refusal = KvRefusal.OutOfHostMemory;
        }

        if (refusal != KvRefusal.None)
        {
            _meters.Refused(refusal);
            return false;
        }

        sequence = PagedSequence.Open(this, options ?? KvSequenceOptions.Default, prompt, plan, _matched);
        _meters.Opened(prompt.Length, sequence.HitLength);
        return true;
    }

    /// <inheritdoc/>
    public KvAdmission Probe(ReadOnlySpan<int> prompt, KvSequenceOptions? options, int reserve)
    {
        using OwnerGuard.Scope scope = _guard.Enter();
        AdmissionPlan plan = Plan(prompt, options, reserve);
        return new KvAdmission(plan.Refusal, plan.HitBlocks * BlockTokens, plan.NewBlocks, plan.RevivedBlocks);
    }

    /// <inheritdoc/>
    public KvStep BeginStep(ReadOnlySpan<KvRow> rows)
    {
        using OwnerGuard.Scope scope = _guard.Enter();
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _step.Begin(Face, rows);
    }

    /// <inheritdoc/>
    public long Trim(long bytes)
    {
        using OwnerGuard.Scope scope = _guard.Enter();
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        _ledger.Collect();
        if (!_memory.CanDecommit)
        {
            return 0;
        }

        long blocks = Math.Min((bytes / _blockBytes) + (bytes % _blockBytes > 0 ? 1 : 0), _ledger.Pool.Idle.Count);
        int[] trimmed = new int[blocks];
        _ledger.SetAside(trimmed);
        Array.Sort(trimmed);
        long freed = 0;
        for (int first = 0, end; first < trimmed.Length; first = end)
        {
            end = first + 1;
            while (end < trimmed.Length && trimmed[end] == trimmed[end - 1] + 1)
            {
                end++;
            }

            freed += _memory.Decommit(trimmed[first], end - first);
        }

        return freed;
    }

    /// <inheritdoc/>
    public bool TryClear()
    {
        using OwnerGuard.Scope scope = _guard.Enter();
        ObjectDisposedException.ThrowIf(_disposed, this);
        _ledger.Collect();
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
        new PagedIntegrity(_ledger, _step, _memory, HostStore, _open).Check();
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
        foreach (PagedSequence sequence in _open.ToArray())
        {
            sequence.Dispose();
        }

        _step.Dispose();
        _ledger.Dispose();
        _memory.Dispose();
        HostStore?.Dispose();
        _meters.Dispose();
    }

    internal OwnerGuard Guard => _guard;

    /// <summary>Gets where suspended sequences are kept, or null.</summary>
    internal HostStore? HostStore { get; }

    /// <summary>Gets the allocator that sequences say they are of.</summary>
    internal IKvAllocator Face { get; }

    internal BlockMemory Memory => _memory;

    internal PagedLedger Ledger => _ledger;

    internal PagedStep Step => _step;

    internal IReadOnlyList<PagedSequence> OpenSequences => _open;

    internal long NextSequenceId() => _nextSequence++;

    internal int Register(PagedSequence sequence)
    {
        _open.Add(sequence);
        return _open.Count - 1;
    }

    /// <summary>Takes a sequence off the list of open ones; the last takes its place.</summary>
    internal void Unregister(int index)
    {
        PagedSequence last = _open[^1];
        _open[index] = last;
        last.OpenIndex = index;
        _open.RemoveAt(_open.Count - 1);
    }

    private (BlockMemory Memory, PagedStep Step) MakePaged(int blockCount)
    {
        PagedMemory memory = new(Device, Geometry, BlockTokens, blockCount);
        return (memory, new PagedStep(memory, _ledger, Device));
    }

    private AdmissionPlan Plan(ReadOnlySpan<int> prompt, KvSequenceOptions? options, int reserve)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(reserve);
        _ledger.Collect();
        int blocks = prompt.Length / BlockTokens;
        if (blocks > _matched.Length)
        {
            _matched = new int[Math.Max(blocks, _matched.Length * 2)];
        }

        return _ledger.Plan(prompt, (options ?? KvSequenceOptions.Default).Namespace, reserve, _matched);
    }
}
