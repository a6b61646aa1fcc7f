namespace KvCache.Serving.CostModels;

/// <summary>The link between a device and the host: both directions at a time, each with the same bandwidth, each copying in order.</summary>
/// <remarks>Immutable. Source of the form: a copy takes a latency and its bytes at the link's speed.</remarks>
public sealed record LinkSpeed
{
    /// <summary>Describes a link.</summary>
    /// <param name="bytesPerSecond">The bandwidth that copies reach, one way, of a device alone; above 0.</param>
    /// <param name="latency">What each piece of a copy costs before its first byte; at least 0.</param>
    /// <param name="sharingDevices">
    /// Devices that share the bandwidth, since one switch leads to all of them; at least 1. Those of a tensor-parallel group copy the same
    /// bytes at the same time, so each has its part of it.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public LinkSpeed(double bytesPerSecond, TimeSpan latency, int sharingDevices = 1)
    {
        if (!(bytesPerSecond > 0 && double.IsFinite(bytesPerSecond)))
        {
            throw new ArgumentOutOfRangeException(nameof(bytesPerSecond), bytesPerSecond, $"The bandwidth is {bytesPerSecond}; expected a number above 0.");
        }

        if (latency < TimeSpan.Zero)
        {
            throw new ArgumentOutOfRangeException(nameof(latency), latency, $"The latency is {latency}; expected at least 0.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(sharingDevices, 1);
        BytesPerSecond = bytesPerSecond / sharingDevices;
        Latency = latency;
        SharingDevices = sharingDevices;
    }

    /// <summary>Gets the bandwidth of one device, one way, while all that share the link copy.</summary>
    public double BytesPerSecond { get; }

    /// <summary>Gets what each piece of a copy costs before its first byte.</summary>
    public TimeSpan Latency { get; }

    /// <summary>Gets the devices that share the link.</summary>
    public int SharingDevices { get; }

    /// <summary>The link of a device, as its datasheet and the efficiencies have it.</summary>
    /// <param name="device">The device.</param>
    /// <param name="efficiencies">How much of the datasheet is reached; null for the defaults.</param>
    /// <param name="sharingDevices">Devices that share the link's bandwidth; at least 1.</param>
    /// <returns>The link.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An efficiency or <paramref name="sharingDevices"/> is out of its range.</exception>
    public static LinkSpeed Of(AcceleratorDevice device, RooflineEfficiencies? efficiencies = null, int sharingDevices = 1)
    {
        ArgumentNullException.ThrowIfNull(device);
        efficiencies ??= new RooflineEfficiencies();
        efficiencies.Validate();
        return new LinkSpeed(device.LinkBytesPerSecond * efficiencies.Link, device.LinkLatency, sharingDevices);
    }

    /// <summary>How long a copy takes that has the link to itself.</summary>
    /// <param name="bytes">Its bytes; at least 0.</param>
    /// <param name="pieces">Its pieces; at least 0.</param>
    /// <returns>Its time.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An argument is negative.</exception>
    public TimeSpan Estimate(long bytes, int pieces = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfNegative(pieces);
        return (Latency * pieces) + TimeSpan.FromTicks((long)Math.Round(bytes / BytesPerSecond * TimeSpan.TicksPerSecond));
    }
}
