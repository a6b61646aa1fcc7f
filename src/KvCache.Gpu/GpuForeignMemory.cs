using KvCache.Gpu.Devices;

namespace KvCache.Gpu;

/// <summary>Device memory that belongs to somebody else and that a device was told of. Dispose makes the device forget it.</summary>
/// <remarks>
/// Disposing neither frees the memory nor waits for anything, and disposing twice does nothing. The memory must outlive this object
/// and all work that uses it.
/// </remarks>
public sealed class GpuForeignMemory : IDisposable
{
    private readonly AddressMap _map;
    private readonly AddressMap.Range _range;

    internal GpuForeignMemory(AddressMap map, AddressMap.Range range)
    {
        _map = map;
        _range = range;
    }

    /// <summary>Gets the first byte's address, by which views and copies name the memory.</summary>
    public nint Address => _range.Address;

    /// <summary>Gets the length in bytes.</summary>
    public long Length => _range.Length;

    /// <inheritdoc/>
    public void Dispose() => _map.Remove(_range);
}
