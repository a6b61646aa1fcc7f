namespace KvCache.Memory;

/// <summary>A link that is the device's own copying: right everywhere, beside no work.</summary>
internal sealed class DeviceLink(IKvDevice device) : IHostLink
{
    public KvTransfer CopyToDevice(ReadOnlySpan<KvCopy> copies) => device.Copy(copies);

    public KvTransfer CopyToHost(ReadOnlySpan<KvCopy> copies) => device.Copy(copies);
}
