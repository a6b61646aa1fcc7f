using System.Runtime.InteropServices;
using KvCache.Cuda.Driver;

namespace KvCache.Cuda.Simulation;

/// <content>The driver's functions: device memory, virtual memory, pinned host memory.</content>
public sealed unsafe partial class SimulatedCudaDriver
{
    private CudaError MemAlloc(ulong* address, nuint bytes)
    {
        using Call call = new(this, CudaEntryPoint.cuMemAlloc_v2);
        return call.IsRefused ? call.Refusal : call.Answer(_arenas.Allocate(bytes, out *address));
    }

    private CudaError MemFree(ulong address)
    {
        using Call call = new(this, CudaEntryPoint.cuMemFree_v2);
        if (call.IsRefused)
        {
            return call.Refusal;
        }

        _execution.RunAll(); // the driver waits for the device here
        return call.Answer(_arenas.Free(address));
    }

    private CudaError MemAddressReserve(ulong* address, nuint bytes, nuint alignment, ulong hint, ulong flags)
    {
        using Call call = new(this, CudaEntryPoint.cuMemAddressReserve);
        return call.IsRefused ? call.Refusal
            : flags != 0 ? call.Answer(SimulatedCudaBreachKind.InvalidArgument, $"Addresses are reserved with flags {flags}; expected 0.")
            : call.Answer(_memory.Reserve(bytes, alignment, out *address));
    }

    private CudaError MemAddressFree(ulong address, nuint bytes)
    {
        using Call call = new(this, CudaEntryPoint.cuMemAddressFree);
        return call.IsRefused ? call.Refusal : call.Answer(_memory.FreeAddresses(address, bytes));
    }

    private CudaError MemCreate(ulong* handle, nuint bytes, CudaAllocationProperties* properties, ulong flags)
    {
        using Call call = new(this, CudaEntryPoint.cuMemCreate);
        return call.IsRefused ? call.Refusal : call.Answer(_memory.Create(bytes, *properties, out *handle));
    }

    private CudaError MemRelease(ulong handle)
    {
        using Call call = new(this, CudaEntryPoint.cuMemRelease);
        return call.IsRefused ? call.Refusal : call.Answer(_memory.Release(handle, out ulong bytes), bytes: (long)bytes);
    }

    private CudaError MemMap(ulong address, nuint bytes, nuint offset, ulong handle, ulong flags)
    {
        using Call call = new(this, CudaEntryPoint.cuMemMap);
        if (call.IsRefused)
        {
            return call.Refusal;
        }

        CheckMapWhileRunning(CudaEntryPoint.cuMemMap);
        return call.Answer(_memory.Map(address, bytes, offset, handle, flags));
    }

    private CudaError MemUnmap(ulong address, nuint bytes)
    {
        using Call call = new(this, CudaEntryPoint.cuMemUnmap);
        if (call.IsRefused)
        {
            return call.Refusal;
        }

        // The driver unmaps at once and does not wait: the work finds out when it runs.
        if (_execution.Uses(address, bytes))
        {
            Report(SimulatedCudaBreachKind.UnmapWhileInUse, $"0x{address:x} … 0x{address + bytes:x} is unmapped while work that uses it has not finished.");
        }

        CheckMapWhileRunning(CudaEntryPoint.cuMemUnmap);
        CudaError error = _memory.Unmap(address, bytes, out int mappings);
        return call.Answer(error, mappings);
    }

    private CudaError MemSetAccess(ulong address, nuint bytes, CudaAccessDescriptor* descriptors, nuint count)
    {
        using Call call = new(this, CudaEntryPoint.cuMemSetAccess);
        if (call.IsRefused)
        {
            return call.Refusal;
        }

        CudaError error = _memory.SetAccess(address, bytes, *descriptors, count, out int mappings);
        return call.Answer(error, mappings);
    }

    private CudaError MemHostAlloc(void** address, nuint bytes, uint flags)
    {
        using Call call = new(this, CudaEntryPoint.cuMemHostAlloc);
        if (call.IsRefused)
        {
            return call.Refusal;
        }

        if (bytes == 0)
        {
            return call.Answer(SimulatedCudaBreachKind.InvalidArgument, "0 bytes of pinned host memory are allocated.");
        }

        try
        {
            *address = NativeMemory.Alloc(bytes);
        }
        catch (OutOfMemoryException)
        {
            return call.Answer(CudaError.OutOfMemory);
        }

        _pinned.Add((nint)(*address), bytes);
        return call.Answer(CudaError.Success);
    }

    private CudaError MemFreeHost(void* address)
    {
        using Call call = new(this, CudaEntryPoint.cuMemFreeHost);
        if (call.IsRefused)
        {
            return call.Refusal;
        }

        if (!_pinned.Remove((nint)address))
        {
            return call.Answer(SimulatedCudaBreachKind.InvalidFree, $"0x{(nint)address:x} is no pinned host memory.");
        }

        _execution.RunAll(); // the driver waits for the device here
        NativeMemory.Free(address);
        return call.Answer(CudaError.Success);
    }

    private void CheckMapWhileRunning(CudaEntryPoint entryPoint)
    {
        if (_options.ComputeCapability.Major < 8 && !_execution.IsIdle)
        {
            Report(SimulatedCudaBreachKind.MapWhileRunning, $"{entryPoint} is called while work runs, on a device of compute capability {_options.ComputeCapability}.");
        }
    }

    private bool IsPinned(nint address, ulong bytes)
    {
        foreach ((nint start, ulong length) in _pinned)
        {
            if (address >= start && (ulong)(address - start) + bytes <= length)
            {
                return true;
            }
        }

        return false;
    }

    private void FreePinned()
    {
        foreach (nint address in _pinned.Keys)
        {
            NativeMemory.Free((void*)address);
        }

        _pinned.Clear();
    }
}
