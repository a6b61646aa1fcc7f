using KvCache.Memory;
using KvCache.Specs.Devices;

namespace KvCache.Specs.VirtualMemory;

/// <summary>A virtual memory whose device's fences pass when the test says so, and which tells that device what is unmapped.</summary>
public sealed class LateVirtualMemory(IVirtualMemory inner, LateFenceDevice device) : IVirtualMemory
{
    public string Name => inner.Name;

    public IKvDevice Device => device;

    public long ChunkBytes => inner.ChunkBytes;

    public int ChunkCapacity => inner.ChunkCapacity;

    public int CreatedChunks => inner.CreatedChunks;

    public int MappingBudget => inner.MappingBudget;

    public bool TryReserve(long bytes, out nint address) => inner.TryReserve(bytes, out address);

    public void Release(nint address, long bytes)
    {
        device.TellUnmapping(address, bytes);
        inner.Release(address, bytes);
    }

    public bool TryCreate(ReadOnlySpan<int> chunks) => inner.TryCreate(chunks);

    public void Destroy(ReadOnlySpan<int> chunks) => inner.Destroy(chunks);

    public bool TryMap(nint address, ReadOnlySpan<int> chunks, bool writable) => inner.TryMap(address, chunks, writable);

    public void Unmap(nint address, int count)
    {
        device.TellUnmapping(address, count * ChunkBytes);
        inner.Unmap(address, count);
    }

    public KvFence RecordFence() => device.RecordFence();

    public void Dispose() => inner.Dispose();
}
