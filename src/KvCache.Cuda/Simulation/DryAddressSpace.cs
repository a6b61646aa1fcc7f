namespace KvCache.Cuda.Simulation;

/// <summary>Addresses with nothing behind them, which no process uses.</summary>
internal sealed class DryAddressSpace : SimulatedAddressSpace
{
    private ulong _next = 1UL << 47;

    public override bool HasMemory => false;

    public override ulong Reserve(ulong bytes, ulong alignment)
    {
        ulong address = (_next + alignment - 1) & ~(alignment - 1);
        if (bytes > (1UL << 62) - address)
        {
            return 0;
        }

        _next = address + bytes;
        return address;
    }

    public override void Free(ulong address, ulong bytes)
    {
    }

    public override bool TryCreate(ulong bytes, out ulong physical)
    {
        physical = 0;
        return true;
    }

    public override void Destroy(ulong physical, ulong bytes)
    {
    }

    public override bool TryMap(ulong address, ulong bytes, ulong physical, bool read, bool write) => true;

    public override void Unmap(ulong address, ulong bytes)
    {
    }

    public override void Copy(ulong destination, ulong source, ulong bytes)
    {
    }

    public override void Fill(ulong destination, byte value, ulong bytes)
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
