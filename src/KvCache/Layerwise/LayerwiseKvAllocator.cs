using System.Diagnostics.CodeAnalysis;
using KvCache.Diagnostics;
using KvCache.Memory;
using KvCache.Paged;
using KvCache.Steps;
using KvCache.Tiers;

namespace KvCache.Layerwise;

/// <summary>The manager for long prompts: every layer of a sequence is on the device, on the host or on its way; a step brings what it needs.</summary>
/// <remarks>
/// <para>Blocks, prefixes, forks and refusals are those of <see cref="PagedKvAllocator"/>, whose books it keeps; a block is one however its
/// layers lie. So requests are admitted when some layers fit, and the copies of the others hide behind the computation.</para>
/// <para>The engine enters a layer, submits its work on it to <see cref="Device"/>, and leaves it before it enters the next ones: as many
/// layers as the device has room for (<see cref="LayerwiseKvAllocatorOptions.StagingBuffers"/>) can be entered at the same time. Where
/// the work is submitted elsewhere, the layer is left with its fence (<see cref="KvStep.Leave(int, KvFence)"/>).</para>
/// <para>A copy that fails is tried again; what cannot be brought back is lost for the sequences that own it, and says so
/// (<see cref="KvSequence.IsLost"/>). It is never served wrong.</para>
/// <para>Where the device holds all layers of all blocks, nothing ever moves and the cost is that of the paged manager.</para>
/// <para>Threads: one owner thread at a time. Source: Xiong et al., "LayerKV", arXiv 2410.00428.</para>
/// </remarks>
public sealed class LayerwiseKvAllocator : IKvAllocator
{
    private readonly PagedKvAllocator _books;
    private readonly LayerwiseKvAllocatorOptions _options;
    private readonly TierPlan _plan;
    private LayerMemory? _tiers;

    /// <summary>Makes an allocator and asks device and host for their memory.</summary>
    /// <param name="options">The geometry, the sizes and the policies.</param>
    /// <exception cref="ArgumentException">An option is missing, out of range, or contradicts another.</exception>
    /// <exception cref="InsufficientMemoryException">The device or the host has not that much memory.</exception>
    /// <exception cref="OverflowException">A size in bytes exceeds 2⁶³ − 1.</exception>
    public LayerwiseKvAllocator(LayerwiseKvAllocatorOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _plan = options.Validate();
        _books = new PagedKvAllocator(options.Books(_plan), this, _plan.IsWhole ? null : MakeTiers);
    }

    /// <inheritdoc/>
    public KvGeometry Geometry => _books.Geometry;

    /// <inheritdoc/>
    public IKvDevice Device => _books.Device;

    /// <inheritdoc/>
    public int BlockTokens => _books.BlockTokens;

    /// <inheritdoc/>
    public KvEventStream? Events => _books.Events;

    /// <inheritdoc/>
    public HostTier? HostTier => _books.HostTier;

    /// <inheritdoc/>
    /// <remarks>Blocks count once, wherever their layers are; <see cref="Tiers"/> says how the device is used.</remarks>
    public KvUsage Usage => _books.Usage;

    /// <summary>Gets how the device's memory is used now. Owner thread; O(open sequences).</summary>
    public LayerTiers Tiers
    {
        get
        {
            long pageBytes = Geometry.BytesPerToken / Geometry.LayerCount * BlockTokens;
            if (_tiers is not { } tiers)
            {
                return new LayerTiers(
                    pageBytes, _plan.Frames, (long)Usage.OwnedBlocks * Geometry.LayerCount, 0, _options.AssumedBytesPerSecond, _options.AssumedBytesPerSecond);
            }

            (long kept, long staging, _) = tiers.Retention.Promised();
            return new LayerTiers(
                pageBytes, _plan.Frames, kept, staging, tiers.Copies.BytesToDevicePerSecond, tiers.Copies.BytesToHostPerSecond);
        }
    }

    /// <inheritdoc/>
    public bool TryOpen(
        ReadOnlySpan<int> prompt,
        KvSequenceOptions? options,
        int reserve,
        [NotNullWhen(true)] out KvSequence? sequence,
        out KvRefusal refusal) => _books.TryOpen(prompt, options, reserve, out sequence, out refusal);

    /// <inheritdoc/>
    public KvAdmission Probe(ReadOnlySpan<int> prompt, KvSequenceOptions? options, int reserve) =>
        _books.Probe(prompt, options, reserve);

    /// <inheritdoc/>
    public KvStep BeginStep(ReadOnlySpan<KvRow> rows) => _books.BeginStep(rows);

    /// <summary>Answers how many layers of a sequence of so many more tokens would fit the device now, beside what others keep.</summary>
    /// <remarks>
    /// Admission asks it: a prompt may be admitted although fewer than all fit. With 0 it can run too, with all its layers on the host, as
    /// long as <see cref="Probe"/> grants the blocks. Owner thread; O(open sequences).
    /// </remarks>
    /// <param name="tokens">Tokens for which blocks would be taken; at least 0.</param>
    /// <returns>0 … layers.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="tokens"/> is negative.</exception>
    public int LayersThatFit(int tokens)
    {
        using OwnerGuard.Scope scope = _books.Guard.Enter();
        Throw.IfLessThan(tokens, 0, nameof(tokens), nameof(tokens));
        int blocks = _books.Ledger.BlocksFor(tokens);
        return _tiers?.Retention.FitFor(blocks) ?? (blocks <= Usage.AvailableBlocks ? Geometry.LayerCount : 0);
    }

    /// <summary>Answers how many layers of a sequence are meant to stay on the device. Owner thread; O(1).</summary>
    /// <param name="sequence">A sequence of this allocator.</param>
    /// <returns>0 … layers.</returns>
    /// <exception cref="ArgumentException">The sequence is another allocator's.</exception>
    /// <exception cref="ObjectDisposedException">The sequence is disposed.</exception>
    public int LayersOnDevice(KvSequence sequence) => Own(sequence).Kept?.Count ?? Geometry.LayerCount;

    /// <summary>Answers where a layer of a sequence is now. Owner thread; O(blocks of the sequence).</summary>
    /// <param name="sequence">A sequence of this allocator.</param>
    /// <param name="layer">0 … layers − 1.</param>
    /// <returns>The place.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such layer.</exception>
    /// <exception cref="ArgumentException">The sequence is another allocator's.</exception>
    /// <exception cref="ObjectDisposedException">The sequence is disposed.</exception>
    public LayerLocation LocationOf(KvSequence sequence, int layer)
    {
        PagedSequence own = Own(sequence);
        Throw.IfNotIndex(layer, Geometry.LayerCount);
        if (_tiers is not { } tiers)
        {
            return LayerLocation.Device;
        }

        LayerLocation location = LayerLocation.Device;
        int[] pages = tiers.Pages.Frames(layer);
        foreach (int block in own.Table.Blocks[.._books.Ledger.BlocksFor(own.ComputedLength)])
        {
            int frame = pages[block];
            if (frame >= 0 && (tiers.Frames[frame].Use == FrameUse.Leaving || tiers.Frames[frame].Attempts > 0))
            {
                return LayerLocation.InTransfer;
            }

            location = frame >= 0 && tiers.Frames[frame].Use == FrameUse.Kept ? location : LayerLocation.Host;
        }

        return location;
    }

    /// <summary>Answers what was copied for a layer since the last step began. Owner thread; O(1).</summary>
    /// <param name="layer">0 … layers − 1.</param>
    /// <returns>The bytes in both directions.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such layer.</exception>
    public LayerTraffic TrafficOf(int layer)
    {
        Throw.IfNotIndex(layer, Geometry.LayerCount);
        return _tiers?.Copies[layer] ?? default;
    }

    /// <inheritdoc/>
    public long Trim(long bytes) => _books.Trim(bytes);

    /// <inheritdoc/>
    public bool TryClear() => _books.TryClear();

    /// <inheritdoc cref="PagedKvAllocator.ListStored"/>
    public IReadOnlyList<KvCacheEvent> ListStored() => _books.ListStored();

    /// <inheritdoc/>
    public void CheckIntegrity() => _books.CheckIntegrity();

    /// <inheritdoc/>
    public void Dispose() => _books.Dispose();

    /// <summary>Gets the books, for tests.</summary>
    internal PagedKvAllocator Books => _books;

    /// <summary>Gets the tiers, or null where the device holds everything, for tests.</summary>
    internal LayerMemory? Memory => _tiers;

    private (BlockMemory Memory, PagedStep Step) MakeTiers(PagedKvAllocator books)
    {
        LayerMemory tiers = new(_options, _plan, books);
        try
        {
            LayerwiseStep step = LayerwiseStep.Create(_options, tiers, books);
            _tiers = tiers;
            return (tiers, step);
        }
        catch
        {
            tiers.Dispose();
            throw;
        }
    }

    private PagedSequence Own(KvSequence sequence)
    {
        ArgumentNullException.ThrowIfNull(sequence);
        ObjectDisposedException.ThrowIf(sequence.IsDisposed, sequence);
        if (sequence.Allocator != this)
        {
            Throw.Argument("The sequence belongs to another allocator.", nameof(sequence));
        }

        return (PagedSequence)sequence;
    }
}
