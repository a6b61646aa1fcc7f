using System.Diagnostics.Metrics;
using KvCache.Blocks;
using KvCache.Memory;
using KvCache.Paged;
using KvCache.Tiers;

namespace KvCache.Layerwise;

/// <summary>How a <see cref="LayerwiseKvAllocator"/> is made.</summary>
public sealed record LayerwiseKvAllocatorOptions
{
    /// <summary>Gets the shape of the model's cache.</summary>
    public required KvGeometry Geometry { get; init; }

    /// <summary>Gets the device that computes.</summary>
    /// <value>Default: <see cref="HostDevice"/>.</value>
    public IKvDevice Device { get; init; } = HostDevice.Instance;

    /// <summary>Gets the bytes for keys and values on the device, rounded down to whole layer-blocks.</summary>
    public required long DeviceBytes { get; init; }

    /// <summary>Gets the bytes for keys and values on the host. Every block has a place there in every layer.</summary>
    /// <value>Default: 0, no host tier: all layers stay on the device.</value>
    public long HostBytes { get; init; }

    /// <summary>Gets where the host tier's memory comes from, such as pinned memory; its copies are those from host to host.</summary>
    /// <value>Default: <see cref="HostDevice"/>.</value>
    public IKvDevice HostMemory { get; init; } = HostDevice.Instance;

    /// <summary>Gets what copies between the two.</summary>
    /// <value>
    /// Default: null. Then <see cref="HostDevice"/> has a <see cref="HostLink"/> of the allocator's own, with <see cref="TransferUnitBytes"/> and
    /// <see cref="BeforeTransfer"/>; another device whose memory the processor can reach, <see cref="IKvDevice.Copy"/> of the device, beside no
    /// work. Any other device needs a link, such as <c>CudaHostLink</c> of KvCache.Cuda or <c>GpuDevice</c> of KvCache.Gpu. The allocator does
    /// not dispose it.
    /// </value>
    public IHostLink? Link { get; init; }

    /// <summary>Gets the number of token positions in a block; at least 1.</summary>
    /// <value>Default: 16.</value>
    public int BlockTokens { get; init; } = 16;

    /// <summary>Gets the number of blocks; a block counts once, wherever its layers are.</summary>
    /// <value>
    /// Default: 0, as many as can be: either all layers on the device, or all on the host and, in <see cref="StagingBuffers"/> layers at a
    /// time, on the device.
    /// </value>
    public int BlockCount { get; init; }

    /// <summary>Gets how many layers of the blocks of a step fit the device at the same time, at least; 1 overlaps no copy with work.</summary>
    /// <value>Default: 2, one that is used and one on its way.</value>
    public int StagingBuffers { get; init; } = 2;

    /// <summary>Gets how many layers ahead of the entered one copies are started, as far as there is room; at least 0.</summary>
    /// <value>Default: 1.</value>
    public int PrefetchDepth { get; init; } = 1;

    /// <summary>Gets what decides how many layers of a sequence stay on the device.</summary>
    /// <value>Default: <see cref="KeepAllPlacement"/>: layers leave only where memory is short.</value>
    public IPlacementPolicy Placement { get; init; } = new KeepAllPlacement();

    /// <summary>Gets whether the layers of a sequence that stay are spread evenly (<see cref="InterleavedLayers"/>); where not, the last ones stay.</summary>
    /// <value>Default: true, so that copies hide behind layers that need none; false only to see what that is worth.</value>
    public bool InterleaveLayers { get; init; } = true;

    /// <summary>Gets which sequence gives up a layer first where memory is short.</summary>
    /// <value>Default: <see cref="OffloadOrder.YoungestFirst"/>.</value>
    public IComparer<OffloadCandidate> OffloadOrder { get; init; } = Layerwise.OffloadOrder.YoungestFirst;

    /// <summary>Gets for how many decode steps the growth of the open sequences is forecast before each step.</summary>
    /// <value>Default: 16.</value>
    public int ForecastSteps { get; init; } = 16;

    /// <summary>Gets the share of the device's memory that the forecast must leave free: below it, layers leave before anything is refused; 0 … 0.5.</summary>
    /// <value>Default: 0.05. Layers come back where twice as much is left.</value>
    public double FreeShare { get; init; } = 0.05;

    /// <summary>Gets the longest copy in bytes that is submitted in one piece, so that others on the link need not wait for long; at least 1.</summary>
    /// <value>Default: 1 MiB, about 40 µs on PCIe 4. At least one layer-block is copied at a time.</value>
    public long TransferUnitBytes { get; init; } = 1 << 20;

    /// <summary>Gets what is called before every such piece: it may wait while something else, as a collective operation, needs the link.</summary>
    /// <remarks>On the thread that makes the copies where it is a <see cref="HostLink"/> of the allocator's own; otherwise on the owner thread.</remarks>
    /// <value>Default: null, nothing.</value>
    public Action? BeforeTransfer { get; init; }

    /// <summary>Gets how often a copy is tried before what it should have brought counts as lost; at least 1.</summary>
    /// <value>Default: 3.</value>
    public int CopyAttempts { get; init; } = 3;

    /// <summary>Gets the link's bandwidth in bytes per second until copies have been measured; above 0.</summary>
    /// <value>Default: 8 × 10⁹.</value>
    public double AssumedBytesPerSecond { get; init; } = 8e9;

    /// <summary>Gets the clock by which copies are measured.</summary>
    /// <value>Default: <see cref="TimeProvider.System"/>.</value>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Gets the most tokens that one sequence may have; at least 1.</summary>
    /// <value>Default: <see cref="int.MaxValue"/>, so that only the memory limits a sequence.</value>
    public int MaxSequenceTokens { get; init; } = int.MaxValue;

    /// <summary>Gets whether full blocks can be found again by later prompts.</summary>
    /// <value>Default: true.</value>
    public bool PrefixCaching { get; init; } = true;

    /// <summary>Gets whether a block whose content is published already is given up for the published one; see <see cref="PagedKvAllocatorOptions.Deduplicate"/>.</summary>
    /// <value>Default: true.</value>
    public bool Deduplicate { get; init; } = true;

    /// <summary>Gets the hash that finds cached blocks.</summary>
    /// <value>Default: null, a <see cref="Prefixes.KeyedPrefixHash"/> with a random key.</value>
    public Prefixes.PrefixHash? PrefixHash { get; init; }

    /// <summary>Gets what makes the order in which idle blocks are taken; called once per allocator.</summary>
    /// <value>Default: <see cref="LeastRecentlyUsed"/>.</value>
    public Func<EvictionPolicy> Eviction { get; init; } = static () => new LeastRecentlyUsed();

    /// <summary>Gets how suspended sequences are kept on the host, beside <see cref="HostBytes"/>, of which they hold nothing.</summary>
    /// <value>Default: null, none can be suspended.</value>
    public HostTierOptions? HostTier { get; init; }

    /// <summary>Gets how many cache events can wait to be read.</summary>
    /// <value>Default: 0, no events.</value>
    public int EventCapacity { get; init; }

    /// <summary>Gets the allocator's name in metrics, where several allocators of a process must be told apart.</summary>
    /// <value>Default: "layerwise".</value>
    public string Name { get; init; } = "layerwise";

    /// <summary>Gets what makes the meter.</summary>
    /// <value>Default: null, a meter of the allocator's own under <see cref="Diagnostics.KvCacheTelemetry.MeterName"/>.</value>
    public IMeterFactory? MeterFactory { get; init; }

    /// <summary>Checks the options and answers the plan of the memory.</summary>
    internal TierPlan Validate()
    {
        ArgumentNullException.ThrowIfNull(Geometry);
        ArgumentNullException.ThrowIfNull(Device);
        ArgumentNullException.ThrowIfNull(HostMemory);
        ArgumentNullException.ThrowIfNull(Placement);
        ArgumentNullException.ThrowIfNull(OffloadOrder);
        ArgumentNullException.ThrowIfNull(Clock);
        Throw.IfLessThan(BlockTokens, 1, nameof(BlockTokens), nameof(BlockTokens));
        Throw.IfLessThan(BlockCount, 0, nameof(BlockCount), nameof(BlockCount));
        Throw.IfLessThan(HostBytes, 0, nameof(HostBytes), nameof(HostBytes));
        Throw.IfLessThan(StagingBuffers, 1, nameof(StagingBuffers), nameof(StagingBuffers));
        Throw.IfLessThan(PrefetchDepth, 0, nameof(PrefetchDepth), nameof(PrefetchDepth));
        Throw.IfLessThan(ForecastSteps, 0, nameof(ForecastSteps), nameof(ForecastSteps));
        Throw.IfLessThan(TransferUnitBytes, 1, nameof(TransferUnitBytes), nameof(TransferUnitBytes));
        Throw.IfLessThan(CopyAttempts, 1, nameof(CopyAttempts), nameof(CopyAttempts));
        if (!(FreeShare is >= 0 and <= 0.5))
        {
            throw new ArgumentOutOfRangeException(nameof(FreeShare), FreeShare, $"FreeShare is {FreeShare}; expected 0 … 0.5.");
        }

        if (!(AssumedBytesPerSecond > 0 && double.IsFinite(AssumedBytesPerSecond)))
        {
            throw new ArgumentOutOfRangeException(
                nameof(AssumedBytesPerSecond), AssumedBytesPerSecond, $"AssumedBytesPerSecond is {AssumedBytesPerSecond}; expected a number above 0.");
        }

        TierPlan plan = TierPlan.Of(this);
        if (!plan.IsWhole && Link is null && Device is { HasMemory: true, IsHostAccessible: false })
        {
            throw new ArgumentException(
                $"Link is null; layers move between the host and device \"{Device.Name}\", whose memory the processor cannot reach: expected a link to it.",
                nameof(Link));
        }

        return plan;
    }

    /// <summary>The options of the books: blocks, tokens and prefixes, which know nothing of tiers.</summary>
    internal PagedKvAllocatorOptions Books(TierPlan plan) => new()
    {
        Geometry = Geometry,
        Device = Device,
        BlockTokens = BlockTokens,
        BlockCount = plan.Blocks,
        MaxSequenceTokens = MaxSequenceTokens,
        PrefixCaching = PrefixCaching,
        Deduplicate = Deduplicate,
        PrefixHash = PrefixHash,
        Eviction = Eviction,
        EventCapacity = EventCapacity,
        HostTier = HostTier is { Link: null } tier ? tier with { Link = Link } : HostTier,
        Name = Name,
        MeterFactory = MeterFactory,
    };
}
