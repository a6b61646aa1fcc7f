namespace KvCache.Cuda.Simulation;

/// <summary>Addresses of a simulated device, and what is behind them. Knows no rules; these are checked before.</summary>
internal abstract class SimulatedAddressSpace : IDisposable
{
    public abstract bool HasMemory { get; }

    /// <summary>Takes addresses; 0 where the system has none left.</summary>
    public abstract ulong Reserve(ulong bytes, ulong alignment);

    public abstract void Free(ulong address, ulong bytes);

    /// <summary>Makes physical memory, full of a pattern that nobody expects, and names its place.</summary>
    public abstract bool TryCreate(ulong bytes, out ulong physical);

    public abstract void Destroy(ulong physical, ulong bytes);

    /// <summary>Lets addresses lead to physical memory, as far as may be read and written there.</summary>
    public abstract bool TryMap(ulong address, ulong bytes, ulong physical, bool read, bool write);

    public abstract void Unmap(ulong address, ulong bytes);

    public abstract void Copy(ulong destination, ulong source, ulong bytes);

    public abstract void Fill(ulong destination, byte value, ulong bytes);

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}
