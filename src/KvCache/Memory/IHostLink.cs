namespace KvCache.Memory;

/// <summary>Copies between a device and the host, beside the device's work where there is a stream for it.</summary>
/// <remarks>
/// Copies of one direction are made in order, and every copy after all work submitted to the device before it. Later work of the device need
/// not wait for them: the allocator does. Any thread.
/// </remarks>
public interface IHostLink
{
    /// <summary>Gets the bandwidth to the device in bytes per second, as the link has measured it.</summary>
    /// <value>Default: null, it measures nothing; who uses it does.</value>
    double? BytesToDevicePerSecond => null;

    /// <summary>Gets the bandwidth to the host in bytes per second, as the link has measured it.</summary>
    /// <value>Default: null, it measures nothing; who uses it does.</value>
    double? BytesToHostPerSecond => null;

    /// <summary>Copies from the host to the device.</summary>
    /// <param name="copies">The pieces; they are read before the call returns.</param>
    /// <returns>The copy's fence and result.</returns>
    KvTransfer CopyToDevice(ReadOnlySpan<KvCopy> copies);

    /// <summary>Copies from the device to the host.</summary>
    /// <param name="copies">The pieces; they are read before the call returns.</param>
    /// <returns>The copy's fence and result.</returns>
    KvTransfer CopyToHost(ReadOnlySpan<KvCopy> copies);
}
