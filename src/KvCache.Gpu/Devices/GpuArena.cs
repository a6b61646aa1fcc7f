using KvCache.Memory;

namespace KvCache.Gpu.Devices;

/// <summary>A range of a device's own memory.</summary>
internal sealed class GpuArena(GpuDevice device, DeviceBlock block) : KvArena(block.Address, block.Length)
{
    private bool _disposed;

    public override bool CanDecommit => block.Host?.CanDecommit ?? false;

    protected override long DecommitCore(long offset, long bytes)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return block.Host?.Decommit(offset, bytes) ?? 0;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            _disposed = true;
            device.Release(block);
        }
    }
}
