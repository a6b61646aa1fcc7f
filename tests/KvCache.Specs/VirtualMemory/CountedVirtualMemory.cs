using KvCache.Memory;

namespace KvCache.Specs.VirtualMemory;

/// <summary>A virtual memory that counts the calls to it.</summary>
public sealed class CountedVirtualMemory(IVirtualMemory inner) : IVirtualMemory
{
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private int _creates;
    private int _maps;
    private int _unmaps;
    private int _reserves;
    private int _ownCalls;

    public int Creates => _creates;

    public int Maps => _maps;

    public int Unmaps => _unmaps;

    public int Reserves => _reserves;

    /// <summary>How many calls the thread that made this object has made.</summary>
    public int OwnCalls => Volatile.Read(ref _ownCalls);

    public string Name => inner.Name;

    public IKvDevice Device => inner.Device;

    public long ChunkBytes => inner.ChunkBytes;

    public int ChunkCapacity => inner.ChunkCapacity;

    public int CreatedChunks => inner.CreatedChunks;

    public int MappingBudget => inner.MappingBudget;

    public bool TryReserve(long bytes, out nint address)
    {
        Count(ref _reserves);
        return inner.TryReserve(bytes, out address);
    }

    public void Release(nint address, long bytes) => inner.Release(address, bytes);

    public bool TryCreate(ReadOnlySpan<int> chunks)
    {
        Count(ref _creates);
        return inner.TryCreate(chunks);
    }

    public void Destroy(ReadOnlySpan<int> chunks)
    {
        CountOwn();
        inner.Destroy(chunks);
    }

    public bool TryMap(nint address, ReadOnlySpan<int> chunks, bool writable)
    {
        Count(ref _maps);
        return inner.TryMap(address, chunks, writable);
    }

    public void Unmap(nint address, int count)
    {
        Count(ref _unmaps);
        inner.Unmap(address, count);
    }

    public KvFence RecordFence() => inner.RecordFence();

    public void Dispose() => inner.Dispose();

    private void Count(ref int counter)
    {
        Interlocked.Increment(ref counter);
        CountOwn();
    }

    private void CountOwn()
    {
        if (Environment.CurrentManagedThreadId == _thread)
        {
            Interlocked.Increment(ref _ownCalls);
        }
    }
}
