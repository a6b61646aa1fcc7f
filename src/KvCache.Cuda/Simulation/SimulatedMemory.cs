using KvCache.Cuda.Driver;

namespace KvCache.Cuda.Simulation;

/// <summary>The rules of virtual memory: what exists, what is mapped where, who may touch it.</summary>
/// <remarks>Breaches are told to <paramref name="report"/> and answered as the driver answers them.</remarks>
internal sealed class SimulatedMemory(
    SimulatedCudaOptions options, SimulatedAddressSpace space, SimulatedUsage usage, Func<SimulatedCudaBreachKind, string, CudaError> report)
{
    private const ulong FirstHandle = 0xCAFE_0000_0000;
    private readonly ulong _granularity = (ulong)options.GranularityBytes;
    private readonly int _mappingLimit = space.HasMemory ? Math.Min(options.MappingLimit, 16_000) : options.MappingLimit;
    private readonly SimulatedReservations _reservations = new();
    private readonly SimulatedMappings _mappings = new((ulong)options.GranularityBytes);
    private readonly Dictionary<ulong, SimulatedAllocation> _allocations = [];
    private ulong _nextHandle = FirstHandle;

    public int Mappings => _mappings.Count;

    public int Handles => _allocations.Count;

    public int Reservations => _reservations.Count;

    public CudaError Reserve(ulong bytes, ulong alignment, out ulong address)
    {
        address = 0;
        if (bytes == 0 || bytes % _granularity != 0 || (alignment & (alignment - 1)) != 0)
        {
            return report(
                SimulatedCudaBreachKind.Granularity,
                $"{bytes} bytes are reserved with alignment {alignment}; expected a positive multiple of {_granularity}, and a power of two.");
        }

        if ((address = space.Reserve(bytes, Math.Max(alignment, _granularity))) == 0)
        {
            return CudaError.OutOfMemory;
        }

        _reservations.Add(address, bytes);
        return CudaError.Success;
    }

    public CudaError FreeAddresses(ulong address, ulong bytes)
    {
        if (!_reservations.Hold(address, bytes))
        {
            return report(SimulatedCudaBreachKind.InvalidFree, $"{Range(address, bytes)} is freed, which was not reserved as one range.");
        }

        if (_mappings.TryFindFirst(address, bytes, out SimulatedMapping mapped))
        {
            return report(SimulatedCudaBreachKind.InvalidFree, $"{Range(address, bytes)} is freed while {mapped} is mapped.");
        }

        _reservations.Remove(address);
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

        if (bytes > usage.Free || !space.TryCreate(bytes, out ulong physical))
        {
            return CudaError.OutOfMemory;
        }

        handle = _nextHandle++;
        _allocations.Add(handle, new SimulatedAllocation(bytes, physical));
        usage.Take(bytes);
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

        if (!_reservations.Contain(address, bytes))
        {
            return report(SimulatedCudaBreachKind.OutsideReservation, $"{Range(address, bytes)} is mapped, which is not in one reserved range.");
        }

        if (_mappings.TryFindFirst(address, bytes, out SimulatedMapping mapped))
        {
            return report(SimulatedCudaBreachKind.DoubleMap, $"{Range(address, bytes)} is mapped, where {mapped} is mapped already.");
        }

        _mappings.Add(new SimulatedMapping(address, bytes, allocation, CudaAccess.None));
        return CudaError.Success;
    }

    public CudaError Unmap(ulong address, ulong bytes, out int mappings)
    {
        if (!_mappings.Form(address, bytes, out mappings))
        {
            return report(SimulatedCudaBreachKind.PartialUnmap, $"{Range(address, bytes)} is unmapped, which does not consist of whole mappings.");
        }

        for (ulong at = address; at < address + bytes;)
        {
            SimulatedMapping mapping = _mappings.Remove(at);
            DestroyIfUnused(mapping.Allocation);
            at = mapping.End;
        }

        space.Unmap(address, bytes);
        return CudaError.Success;
    }

    public CudaError SetAccess(ulong address, ulong bytes, in CudaAccessDescriptor descriptor, ulong count, out int mappings)
    {
        if (!_mappings.Form(address, bytes, out mappings))
        {
            return report(
                SimulatedCudaBreachKind.AccessOutsideMapping, $"Access is set on {Range(address, bytes)}, which does not consist of whole mappings.");
        }

        if (count != 1 || descriptor.Location.Type != CudaLocationType.Device || descriptor.Location.Id != SimulatedCudaDriver.DeviceHandle
            || descriptor.Access is not (CudaAccess.None or CudaAccess.Read or CudaAccess.ReadWrite))
        {
            return report(SimulatedCudaBreachKind.InvalidArgument, "Access is set otherwise than for this device, as none, read, or read and write.");
        }

        if (_mappings.Count > _mappingLimit)
        {
            return CudaError.OutOfMemory;
        }

        for (ulong at = address; at < address + bytes;)
        {
            SimulatedMapping mapping = _mappings.SetAccess(at, descriptor.Access);
            if (!space.TryMap(
                at, mapping.Bytes, mapping.Allocation.Physical, descriptor.Access != CudaAccess.None, descriptor.Access == CudaAccess.ReadWrite))
            {
                return CudaError.OutOfMemory;
            }

            at = mapping.End;
        }

        return CudaError.Success;
    }

    /// <summary>Whether work may read, or read and write, a range.</summary>
    public bool Allows(ulong address, ulong bytes, CudaAccess access) => _mappings.Allow(address, bytes, access);

    private static bool IsThisDevice(in CudaAllocationProperties properties) =>
        properties is { Type: CudaAllocationType.Pinned, RequestedHandleTypes: 0, Location: { Type: CudaLocationType.Device, Id: SimulatedCudaDriver.DeviceHandle } };

    private void DestroyIfUnused(SimulatedAllocation allocation)
    {
        if (allocation is { IsReleased: true, Mappings: 0 })
        {
            usage.GiveBack(allocation.Bytes);
            space.Destroy(allocation.Physical, allocation.Bytes);
        }
    }

    private static string Range(ulong address, ulong bytes) => $"0x{address:x} … 0x{address + bytes:x}";
}
