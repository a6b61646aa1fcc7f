namespace KvCache.Cuda.Simulation;

/// <summary>The rules of plain device memory (<c>cuMemAlloc</c>), which may be read and written everywhere.</summary>
/// <remarks>Breaches are told to <paramref name="report"/> and answered as the driver answers them.</remarks>
internal sealed class SimulatedArenas(SimulatedAddressSpace space, SimulatedUsage usage, Func<SimulatedCudaBreachKind, string, CudaError> report)
{
    private const ulong Alignment = 2 << 20;
    private const ulong PageBytes = 4096;
    private readonly Dictionary<ulong, (ulong Bytes, ulong Physical)> _arenas = [];

    public int Count => _arenas.Count;

    public CudaError Allocate(ulong bytes, out ulong address)
    {
        address = 0;
        ulong rounded = (bytes + PageBytes - 1) & ~(PageBytes - 1);
        if (bytes == 0)
        {
            return report(SimulatedCudaBreachKind.InvalidArgument, "0 bytes are allocated.");
        }

        if (rounded < bytes || rounded > usage.Free || (address = space.Reserve(rounded, Alignment)) == 0)
        {
            return CudaError.OutOfMemory;
        }

        if (!space.TryCreate(rounded, out ulong physical) || !space.TryMap(address, rounded, physical, read: true, write: true))
        {
            space.Free(address, rounded);
            return CudaError.OutOfMemory;
        }

        _arenas.Add(address, (rounded, physical));
        usage.Take(rounded);
        return CudaError.Success;
    }

    public CudaError Free(ulong address)
    {
        if (!_arenas.Remove(address, out (ulong Bytes, ulong Physical) arena))
        {
            return report(SimulatedCudaBreachKind.InvalidFree, $"No memory was allocated at 0x{address:x}.");
        }

        space.Free(address, arena.Bytes);
        space.Destroy(arena.Physical, arena.Bytes);
        usage.GiveBack(arena.Bytes);
        return CudaError.Success;
    }

    public bool Contain(ulong address, ulong bytes)
    {
        foreach ((ulong start, (ulong length, _)) in _arenas)
        {
            if (address >= start && address - start <= length && bytes <= length - (address - start))
            {
                return true;
            }
        }

        return false;
    }
}
