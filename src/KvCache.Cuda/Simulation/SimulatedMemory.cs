using KvCache.Cuda.Driver;

namespace KvCache.Cuda.Simulation;

/// <summary>The rules of the driver's memory: what exists, what is mapped where, who may touch it.</summary>
/// <remarks>Breaches are told to <paramref name="report"/> and answered as the driver answers them.</remarks>
internal sealed class SimulatedMemory(
    SimulatedCudaOptions options, SimulatedAddressSpace space, Func<SimulatedCudaBreachKind, string, CudaError> report)
{
    private const ulong FirstHandle = 0xCAFE_0000_0000;
    private const ulong ArenaAlignment = 2 << 20;
    private const ulong PageBytes = 4096;
    private readonly ulong _granularity = (ulong)options.GranularityBytes;
    private readonly int _mappingLimit = space.HasMemory ? Math.Min(options.MappingLimit, 16_000) : options.MappingLimit;
    private readonly Dictionary<ulong, ulong> _reservations = [];
    private readonly SortedList<ulong, ulong> _reservationsByAddress = [];
    private readonly Dictionary<ulong, SimulatedAllocation> _allocations = [];
    private readonly Dictionary<ulong, SimulatedMapping> _mappedGranules = [];
    private readonly Dictionary<ulong, SimulatedMapping> _arenas = [];
    private ulong _nextHandle = FirstHandle;

    public ulong UsedBytes { get; private set; }

    public ulong PeakBytes { get; private set; }

    /// <summary>Bytes that others on the device use.</summary>
    public ulong OtherBytes { get; set; }

    public ulong FreeBytes => (ulong)options.MemoryBytes - Math.Min((ulong)options.MemoryBytes, UsedBytes + OtherBytes);

    public int Mappings { get; private set; }

    public int Handles => _allocations.Count;

    public int Reservations => _reservations.Count;

    public int Arenas => _arenas.Count;

    public CudaError Allocate(ulong bytes, out ulong address)
    {
        address = 0;
        ulong rounded = (bytes + PageBytes - 1) & ~(PageBytes - 1);
        if (bytes == 0)
        {
            return report(SimulatedCudaBreachKind.InvalidArgument, "0 bytes are allocated.");
        }

        if (rounded < bytes || rounded > FreeBytes)
        {
            return CudaError.OutOfMemory;
        }

        if ((address = space.Reserve(rounded, ArenaAlignment)) == 0)
        {
            return CudaError.OutOfMemory;
        }

        if (!space.TryCreate(rounded, out ulong physical) || !space.TryMap(address, rounded, physical))
        {
            space.Free(address, rounded);
            return CudaError.OutOfMemory;
        }

        space.Protect(address, rounded, read: true, write: true);
        _arenas.Add(address, new SimulatedMapping(address, rounded, new SimulatedAllocation(rounded, physical)) { Access = CudaAccess.ReadWrite });
        Use(rounded);
        return CudaError.Success;
    }

    public CudaError Free(ulong address)
    {
        if (!_arenas.Remove(address, out SimulatedMapping? arena))
        {
            return report(SimulatedCudaBreachKind.InvalidFree, $"No memory was allocated at 0x{address:x}.");
        }

        space.Free(address, arena.Bytes);
        space.Destroy(arena.Allocation.Physical, arena.Bytes);
        UsedBytes -= arena.Bytes;
        return CudaError.Success;
    }

    public CudaError Reserve(ulong bytes, ulong alignment, out ulong address)
    {
        address = 0;
        if (bytes == 0 || bytes % _granularity != 0 || (alignment & (alignment - 1)) != 0)
        {
            return report(
                SimulatedCudaBreachKind.Granularity,
                $"{bytes} bytes are reserved with alignment {alignment}; expected a positive multiple of {_granularity}, and a power of two.");
        }

        address = space.Reserve(bytes, Math.Max(alignment, _granularity));
        if (address == 0)
        {
            return CudaError.OutOfMemory;
        }

        _reservations.Add(address, bytes);
        _reservationsByAddress.Add(address, bytes);
        return CudaError.Success;
    }

    public CudaError FreeAddresses(ulong address, ulong bytes)
    {
        if (!_reservations.TryGetValue(address, out ulong reserved) || reserved != bytes)
        {
            return report(SimulatedCudaBreachKind.InvalidFree, $"{Range(address, bytes)} is freed, which was not reserved as one range.");
        }

        if (FirstMapping(address, bytes) is { } mapped)
        {
            return report(SimulatedCudaBreachKind.InvalidFree, $"{Range(address, bytes)} is freed while {Range(mapped)} is mapped.");
        }

        _reservations.Remove(address);
        _reservationsByAddress.Remove(address);
        space.Free(address, bytes);
        return CudaError.Success;
    }

    public CudaError Create(ulong bytes, in CudaAllocationProperties properties, out ulong handle)
    {
        handle = 0;
        if (bytes == 0 || bytes % _granularity != 0)
        {
            return report(SimulatedCudaBreachKind.Granularity, $"{bytes} bytes are created; expected a positive multiple of {_granularity}.");
        }

        if (!IsThisDevice(properties))
        {
            return report(SimulatedCudaBreachKind.InvalidArgument, "Memory is created that is not pinned memory of this device.");
        }

        if (bytes > FreeBytes || !space.TryCreate(bytes, out ulong physical))
        {
            return CudaError.OutOfMemory;
        }

        handle = _nextHandle++;
        _allocations.Add(handle, new SimulatedAllocation(bytes, physical));
        Use(bytes);
        return CudaError.Success;
    }

    public CudaError Release(ulong handle, out ulong bytes)
    {
        bytes = 0;
        if (!_allocations.Remove(handle, out SimulatedAllocation? allocation))
        {
            return report(SimulatedCudaBreachKind.InvalidHandle, $"Handle 0x{handle:x} is released, which does not exist or no longer.");
        }

        bytes = allocation.Bytes;
        allocation.IsReleased = true;
        DestroyIfUnused(allocation);
        return CudaError.Success;
    }

    public CudaError Map(ulong address, ulong bytes, ulong offset, ulong handle, ulong flags)
    {
        if (bytes == 0 || (address | bytes | offset) % _granularity != 0)
        {
            return report(SimulatedCudaBreachKind.Granularity, $"{Range(address, bytes)} is mapped at offset {offset}; expected multiples of {_granularity}.");
        }

        if (!_allocations.TryGetValue(handle, out SimulatedAllocation? allocation))
        {
            return report(SimulatedCudaBreachKind.InvalidHandle, $"Handle 0x{handle:x} is mapped, which does not exist or no longer.");
        }

        if (offset != 0 || flags != 0 || bytes > allocation.Bytes)
        {
            return report(
                SimulatedCudaBreachKind.InvalidArgument,
                $"{bytes} bytes at offset {offset} are mapped with flags {flags}; expected up to {allocation.Bytes} bytes, offset 0 and no flags.");
        }

        if (!IsReserved(address, bytes))
        {
            return report(SimulatedCudaBreachKind.OutsideReservation, $"{Range(address, bytes)} is mapped, which is not in one reserved range.");
        }

        if (FirstMapping(address, bytes) is { } mapped)
        {
            return report(SimulatedCudaBreachKind.DoubleMap, $"{Range(address, bytes)} is mapped, where {Range(mapped)} is mapped already.");
        }

        if (!space.TryMap(address, bytes, allocation.Physical))
        {
            return CudaError.OutOfMemory;
        }

        SimulatedMapping mapping = new(address, bytes, allocation);
        for (ulong granule = address; granule < mapping.End; granule += _granularity)
        {
            _mappedGranules.Add(granule, mapping);
        }

        allocation.Mappings++;
        Mappings++;
        return CudaError.Success;
    }

    public CudaError Unmap(ulong address, ulong bytes, out int mappings)
    {
        if (!ConsistsOfMappings(address, bytes, out mappings))
        {
            return report(SimulatedCudaBreachKind.PartialUnmap, $"{Range(address, bytes)} is unmapped, which does not consist of whole mappings.");
        }

        for (ulong granule = address; granule < address + bytes; granule += _granularity)
        {
            _mappedGranules.Remove(granule, out SimulatedMapping? mapping);
            if (mapping!.Address == granule)
            {
                Mappings--;
                mapping.Allocation.Mappings--;
                space.Unmap(mapping.Address, mapping.Bytes);
                DestroyIfUnused(mapping.Allocation);
            }
        }

        return CudaError.Success;
    }

    public CudaError SetAccess(ulong address, ulong bytes, in CudaAccessDescriptor descriptor, ulong count, out int mappings)
    {
        if (!ConsistsOfMappings(address, bytes, out mappings))
        {
            return report(
                SimulatedCudaBreachKind.AccessOutsideMapping, $"Access is set on {Range(address, bytes)}, which does not consist of whole mappings.");
        }

        if (count != 1 || descriptor.Location.Type != CudaLocationType.Device || descriptor.Location.Id != SimulatedCudaDriver.DeviceHandle
            || descriptor.Access is not (CudaAccess.None or CudaAccess.Read or CudaAccess.ReadWrite))
        {
            return report(SimulatedCudaBreachKind.InvalidArgument, "Access is set otherwise than for this device, as none, read, or read and write.");
        }

        if (Mappings > _mappingLimit)
        {
            return CudaError.OutOfMemory;
        }

        for (ulong granule = address; granule < address + bytes; granule += _granularity)
        {
            SimulatedMapping mapping = _mappedGranules[granule];
            if (mapping.Address == granule)
            {
                mapping.Access = descriptor.Access;
                space.Protect(mapping.Address, mapping.Bytes, descriptor.Access != CudaAccess.None, descriptor.Access == CudaAccess.ReadWrite);
            }
        }

        return CudaError.Success;
    }

    /// <summary>Whether work may read, or read and write, a range.</summary>
    public bool Allows(ulong address, ulong bytes, CudaAccess access)
    {
        if (address + bytes < address)
        {
            return false;
        }

        if (InArena(address, bytes))
        {
            return true;
        }

        for (ulong granule = address & ~(_granularity - 1); granule < address + bytes; granule += _granularity)
        {
            if (!_mappedGranules.TryGetValue(granule, out SimulatedMapping? mapping) || (mapping.Access & access) != access)
            {
                return false;
            }
        }

        return true;
    }

    private bool InArena(ulong address, ulong bytes)
    {
        foreach (SimulatedMapping arena in _arenas.Values)
        {
            if (address >= arena.Address && address + bytes <= arena.End)
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsThisDevice(in CudaAllocationProperties properties) =>
        properties is { Type: CudaAllocationType.Pinned, RequestedHandleTypes: 0, Location: { Type: CudaLocationType.Device, Id: SimulatedCudaDriver.DeviceHandle } };

    private bool IsReserved(ulong address, ulong bytes)
    {
        // The last reservation that begins at or below the address.
        IList<ulong> starts = _reservationsByAddress.Keys;
        int low = 0;
        int high = starts.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = starts[middle] <= address ? (middle + 1, high) : (low, middle);
        }

        return low > 0 && address + bytes <= starts[low - 1] + _reservationsByAddress.Values[low - 1];
    }

    private SimulatedMapping? FirstMapping(ulong address, ulong bytes)
    {
        for (ulong granule = address; granule < address + bytes && _mappedGranules.Count > 0; granule += _granularity)
        {
            if (_mappedGranules.TryGetValue(granule, out SimulatedMapping? mapping))
            {
                return mapping;
            }
        }

        return null;
    }

    private bool ConsistsOfMappings(ulong address, ulong bytes, out int mappings)
    {
        mappings = 0;
        ulong at = address;
        while (at < address + bytes)
        {
            if (!_mappedGranules.TryGetValue(at, out SimulatedMapping? mapping) || mapping.Address != at || mapping.End > address + bytes)
            {
                return false;
            }

            mappings++;
            at = mapping.End;
        }

        return bytes > 0;
    }

    private void Use(ulong bytes)
    {
        UsedBytes += bytes;
        PeakBytes = Math.Max(PeakBytes, UsedBytes);
    }

    private void DestroyIfUnused(SimulatedAllocation allocation)
    {
        if (allocation is { IsReleased: true, Mappings: 0 })
        {
            UsedBytes -= allocation.Bytes;
            space.Destroy(allocation.Physical, allocation.Bytes);
        }
    }

    private static string Range(ulong address, ulong bytes) => $"0x{address:x} … 0x{address + bytes:x}";

    private static string Range(SimulatedMapping mapping) => Range(mapping.Address, mapping.Bytes);
}
