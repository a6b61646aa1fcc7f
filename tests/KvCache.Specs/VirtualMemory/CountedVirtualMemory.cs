using KvCache.Memory;

namespace KvCache.Specs.VirtualMemory;

/// <summary>A virtual memory that counts the calls to it, and refuses the one that a test names.</summary>
public sealed class CountedVirtualMemory(IVirtualMemory inner) : IVirtualMemory
{
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private int _refusable;
    private int _refused;
    private int _creates;
    private int _maps;
    private int _unmaps;
    private int _reserves;
    private int _ownCalls;

    /// <summary>Which call that can be refused is refused, from 1 on; 0 for none.</summary>
    public int RefusedCall { get; set; }

    /// <summary>How many calls that can be refused were made.</summary>
    public int RefusableCalls => _refusable;

    public int Refusals => _refused;

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
        address = 0;
        Count(ref _reserves);
        return IsGranted() && inner.TryReserve(bytes, out address);
    }

    public void Release(nint address, long bytes) => inner.Release(address, bytes);

    public bool TryCreate(ReadOnlySpan<int> chunks)
    {
        Count(ref _creates);
        return IsGranted() && inner.TryCreate(chunks);
    }

    public void Destroy(ReadOnlySpan<int> chunks)
    {
        CountOwn();
        inner.Destroy(chunks);
    }

    public bool TryMap(nint address, ReadOnlySpan<int> chunks, bool writable)
    {
        Count(ref _maps);
        return IsGranted() && inner.TryMap(address, chunks, writable);
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

    private bool IsGranted()
    {
        bool granted = Interlocked.Increment(ref _refusable) != RefusedCall;
        _refused += granted ? 0 : 1;
        return granted;
    }
}
