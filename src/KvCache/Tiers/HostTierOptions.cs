using KvCache.Memory;

namespace KvCache.Tiers;

/// <summary>How an allocator keeps what it suspends in the host's memory. Immutable; can serve several allocators, each of which takes so much.</summary>
public sealed record HostTierOptions
{
    /// <summary>Gets the bytes for suspended keys and values, rounded down to whole blocks.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Gets where the memory comes from, such as pinned memory, from which a GPU copies faster.</summary>
    /// <value>Default: <see cref="HostDevice"/>, which backs memory when it is first used.</value>
    public IKvDevice Memory { get; init; } = HostDevice.Instance;

    /// <summary>Gets what copies between the allocator's device and the host.</summary>
    /// <value>
    /// Default: null, the device itself where it is a link, otherwise its <see cref="IKvDevice.Copy"/>, for which the processor must be able to
    /// use its addresses.
    /// </value>
    public IHostLink? Link { get; init; }

    /// <summary>Gets the link's bandwidth in bytes per second until copies have been measured; above 0.</summary>
    /// <remarks>On a device without bytes (<see cref="DryDevice"/>) nothing is ever measured, so that this is the bandwidth.</remarks>
    /// <value>Default: 8 × 10⁹.</value>
    public double AssumedBytesPerSecond { get; init; } = 8e9;

    /// <summary>Gets the clock by which copies are measured.</summary>
    /// <value>Default: <see cref="TimeProvider.System"/>.</value>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Checks the options and answers for how many blocks there is room.</summary>
    internal int CountBlocks(KvGeometry geometry, int blockTokens, IKvDevice device)
    {
        Validate();
        long blockBytes = checked(geometry.BytesPerToken * blockTokens);
        Throw.IfLessThan(MemoryBytes, blockBytes, nameof(MemoryBytes), nameof(MemoryBytes));
        if (Link is null && device is not IHostLink && device.HasMemory && !device.IsHostAccessible)
        {
            Throw.Argument(
                $"Link is null, but the processor cannot use the addresses of device \"{device.Name}\"; expected what copies between the two.", nameof(Link));
        }

        return (int)Math.Min(Paged.PagedKvAllocatorOptions.MaximumBlockCount, MemoryBytes / blockBytes);
    }

    private void Validate()
    {
        ArgumentNullException.ThrowIfNull(Memory);
        ArgumentNullException.ThrowIfNull(Clock);
        if (!(AssumedBytesPerSecond > 0 && double.IsFinite(AssumedBytesPerSecond)))
        {
            throw new ArgumentOutOfRangeException(
                nameof(AssumedBytesPerSecond), AssumedBytesPerSecond, $"AssumedBytesPerSecond is {AssumedBytesPerSecond}; expected a number above 0.");
        }
    }
}
