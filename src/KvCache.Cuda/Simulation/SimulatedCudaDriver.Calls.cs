using System.Runtime.InteropServices;
using KvCache.Cuda.Driver;

namespace KvCache.Cuda.Simulation;

/// <content>The driver's functions: the device, its contexts, memory and virtual memory.</content>
public sealed unsafe partial class SimulatedCudaDriver
{
    private static readonly Dictionary<CudaError, nint> ErrorNames = new()
    {
        [CudaError.Success] = Text("CUDA_SUCCESS"),
        [CudaError.InvalidValue] = Text("CUDA_ERROR_INVALID_VALUE"),
        [CudaError.OutOfMemory] = Text("CUDA_ERROR_OUT_OF_MEMORY"),
        [CudaError.NotInitialized] = Text("CUDA_ERROR_NOT_INITIALIZED"),
        [CudaError.Deinitialized] = Text("CUDA_ERROR_DEINITIALIZED"),
        [CudaError.InvalidDevice] = Text("CUDA_ERROR_INVALID_DEVICE"),
        [CudaError.InvalidContext] = Text("CUDA_ERROR_INVALID_CONTEXT"),
        [CudaError.InvalidHandle] = Text("CUDA_ERROR_INVALID_HANDLE"),
        [CudaError.NotReady] = Text("CUDA_ERROR_NOT_READY"),
        [CudaError.IllegalAddress] = Text("CUDA_ERROR_ILLEGAL_ADDRESS"),
        [CudaError.LaunchFailed] = Text("CUDA_ERROR_LAUNCH_FAILED"),
        [CudaError.NotSupported] = Text("CUDA_ERROR_NOT_SUPPORTED"),
        [CudaError.Unknown] = Text("CUDA_ERROR_UNKNOWN"),
    };

    private readonly List<Delegate> _functions = [];

    private static nint Text(string text) => Marshal.StringToCoTaskMemUTF8(text);

    /// <summary>What every call does first; the answer is not success where the call ends with it.</summary>
    private CudaError Enter(CudaEntryPoint entryPoint, bool needsContext = true)
    {
        _log.Count(entryPoint);
        _thread.Value!.Counts[(int)entryPoint]++;
        CudaError error = _faults.Next(entryPoint);
        if (error == CudaError.Success)
        {
            error = _disposed ? CudaError.Deinitialized
                : !_initialized && entryPoint != CudaEntryPoint.cuInit ? CudaError.NotInitialized
                : _execution.Sticky != CudaError.Success ? _execution.Sticky
                : needsContext && !HasContext() ? Report(SimulatedCudaBreachKind.NoContext, $"{entryPoint} is called on a thread on which no context is current.")
                : CudaError.Success;
        }

        return _log.Refuse(entryPoint, error);
    }

    private bool HasContext()
    {
        nint context = _thread.Value!.Context;
        return (context == PrimaryContext && _retained > 0) || _contexts.Contains(context);
    }

    private CudaError Leave(CudaEntryPoint entryPoint, CudaError answer, int mappings = 1, long bytes = 0)
    {
        _log.Charge(entryPoint, mappings, bytes);
        return _log.Refuse(entryPoint, answer);
    }

    private CudaError GetErrorName(CudaError error, byte** name)
    {
        *name = ErrorNames.TryGetValue(error, out nint text) ? (byte*)text : null;
        return *name is null ? CudaError.InvalidValue : CudaError.Success;
    }

    private CudaError Init(uint flags)
    {
        lock (_gate)
        {
            CudaError error = Enter(CudaEntryPoint.cuInit, needsContext: false);
            _initialized |= error == CudaError.Success;
            return error != CudaError.Success ? error : Leave(CudaEntryPoint.cuInit, flags == 0 ? CudaError.Success : CudaError.InvalidValue);
        }
    }

    private CudaError DriverGetVersion(int* version) => OfDevice(CudaEntryPoint.cuDriverGetVersion, DeviceHandle, version, 12_040);

    private CudaError DeviceGetCount(int* count) => OfDevice(CudaEntryPoint.cuDeviceGetCount, DeviceHandle, count, 1);

    private CudaError DeviceGet(int* device, int ordinal) => OfDevice(CudaEntryPoint.cuDeviceGet, ordinal, device, DeviceHandle);

    private CudaError DeviceGetName(byte* name, int length, int device)
    {
        int unused;
        ReadOnlySpan<byte> text = "simulated\0"u8;
        text[..Math.Min(length, text.Length)].CopyTo(new Span<byte>(name, length));
        return OfDevice(CudaEntryPoint.cuDeviceGetName, device, &unused, 0);
    }

    private CudaError DeviceGetAttribute(int* value, CudaDeviceAttribute attribute, int device) => OfDevice(
        CudaEntryPoint.cuDeviceGetAttribute,
        device,
        value,
        attribute switch
        {
            CudaDeviceAttribute.ComputeCapabilityMajor => _options.ComputeCapability.Major,
            CudaDeviceAttribute.ComputeCapabilityMinor => _options.ComputeCapability.Minor,
            CudaDeviceAttribute.VirtualMemoryManagementSupported => _options.SupportsVirtualMemory ? 1 : 0,
            _ => 0,
        });

    private CudaError DeviceTotalMem(nuint* bytes, int device) =>
        OfDevice(CudaEntryPoint.cuDeviceTotalMem_v2, device, bytes, (nuint)_options.MemoryBytes);

    private CudaError DevicePrimaryCtxRetain(nint* context, int device)
    {
        lock (_gate)
        {
            CudaError error = OfDevice(CudaEntryPoint.cuDevicePrimaryCtxRetain, device, context, PrimaryContext);
            _retained += error == CudaError.Success ? 1 : 0;
            return error;
        }
    }

    private CudaError DevicePrimaryCtxRelease(int device)
    {
        lock (_gate)
        {
            nint unused;
            CudaError error = OfDevice(CudaEntryPoint.cuDevicePrimaryCtxRelease_v2, device, &unused, (nint)0);
            if (error == CudaError.Success && _retained == 0)
            {
                return Report(SimulatedCudaBreachKind.InvalidHandle, "The primary context is released more often than retained.");
            }

            _retained -= error == CudaError.Success ? 1 : 0;
            return error;
        }
    }

    private CudaError CtxGetCurrent(nint* context) =>
        OfDevice(CudaEntryPoint.cuCtxGetCurrent, DeviceHandle, context, _thread.Value!.Context);

    private CudaError CtxSetCurrent(nint context)
    {
        lock (_gate)
        {
            CudaError error = Enter(CudaEntryPoint.cuCtxSetCurrent, needsContext: false);
            if (error != CudaError.Success)
            {
                return error;
            }

            if (context != 0 && context != PrimaryContext && !_contexts.Contains(context))
            {
                return Leave(CudaEntryPoint.cuCtxSetCurrent, Report(SimulatedCudaBreachKind.InvalidHandle, $"Context 0x{context:x} does not exist."));
            }

            _thread.Value!.Context = context;
            return Leave(CudaEntryPoint.cuCtxSetCurrent, CudaError.Success);
        }
    }

    private CudaError CtxGetDevice(int* device)
    {
        lock (_gate)
        {
            *device = DeviceHandle;
            CudaError error = Enter(CudaEntryPoint.cuCtxGetDevice);
            return error != CudaError.Success ? error : Leave(CudaEntryPoint.cuCtxGetDevice, CudaError.Success);
        }
    }

    private CudaError MemGetInfo(nuint* free, nuint* total)
    {
        lock (_gate)
        {
            CudaError error = Enter(CudaEntryPoint.cuMemGetInfo_v2);
            if (error != CudaError.Success)
            {
                return error;
            }

            *free = (nuint)_memory.FreeBytes;
            *total = (nuint)_options.MemoryBytes;
            return Leave(CudaEntryPoint.cuMemGetInfo_v2, CudaError.Success);
        }
    }

    private CudaError MemAlloc(ulong* address, nuint bytes)
    {
        lock (_gate)
        {
            CudaError error = Enter(CudaEntryPoint.cuMemAlloc_v2);
            return error != CudaError.Success ? error : Leave(CudaEntryPoint.cuMemAlloc_v2, _memory.Allocate(bytes, out *address));
        }
    }

    private CudaError MemFree(ulong address)
    {
        lock (_gate)
        {
            CudaError error = Enter(CudaEntryPoint.cuMemFree_v2);
            if (error != CudaError.Success)
            {
                return error;
            }

            _execution.RunAll(); // the driver waits for the device here
            return Leave(CudaEntryPoint.cuMemFree_v2, _memory.Free(address));
        }
    }

    private CudaError MemGetAllocationGranularity(nuint* bytes, CudaAllocationProperties* properties, CudaGranularity option) =>
        OfDevice(CudaEntryPoint.cuMemGetAllocationGranularity, properties->Location.Id, bytes, (nuint)_options.GranularityBytes);

    private CudaError MemAddressReserve(ulong* address, nuint bytes, nuint alignment, ulong hint, ulong flags)
    {
        lock (_gate)
        {
            CudaError error = Enter(CudaEntryPoint.cuMemAddressReserve);
            if (error != CudaError.Success)
            {
                return error;
            }

            error = flags != 0
                ? Report(SimulatedCudaBreachKind.InvalidArgument, $"Addresses are reserved with flags {flags}; expected 0.")
                : _memory.Reserve(bytes, alignment, out *address);
            return Leave(CudaEntryPoint.cuMemAddressReserve, error);
        }
    }

    private CudaError MemAddressFree(ulong address, nuint bytes)
    {
        lock (_gate)
        {
            CudaError error = Enter(CudaEntryPoint.cuMemAddressFree);
            return error != CudaError.Success ? error : Leave(CudaEntryPoint.cuMemAddressFree, _memory.FreeAddresses(address, bytes));
        }
    }

    private CudaError MemCreate(ulong* handle, nuint bytes, CudaAllocationProperties* properties, ulong flags)
    {
        lock (_gate)
        {
            CudaError error = Enter(CudaEntryPoint.cuMemCreate);
            return error != CudaError.Success ? error : Leave(CudaEntryPoint.cuMemCreate, _memory.Create(bytes, *properties, out *handle));
        }
    }

    private CudaError MemRelease(ulong handle)
    {
        lock (_gate)
        {
            CudaError error = Enter(CudaEntryPoint.cuMemRelease);
            if (error != CudaError.Success)
            {
                return error;
            }

            error = _memory.Release(handle, out ulong bytes);
            return Leave(CudaEntryPoint.cuMemRelease, error, bytes: (long)bytes);
        }
    }

    private CudaError MemMap(ulong address, nuint bytes, nuint offset, ulong handle, ulong flags)
    {
        lock (_gate)
        {
            CudaError error = Enter(CudaEntryPoint.cuMemMap);
            if (error != CudaError.Success)
            {
                return error;
            }

            CheckMapWhileRunning(CudaEntryPoint.cuMemMap);
            return Leave(CudaEntryPoint.cuMemMap, _memory.Map(address, bytes, offset, handle, flags));
        }
    }

    private CudaError MemUnmap(ulong address, nuint bytes)
    {
        lock (_gate)
        {
            CudaError error = Enter(CudaEntryPoint.cuMemUnmap);
            if (error != CudaError.Success)
            {
                return error;
            }

            // The driver unmaps at once and does not wait: the work finds out when it runs.
            if (_execution.Uses(address, bytes))
            {
                Report(SimulatedCudaBreachKind.UnmapWhileInUse, $"0x{address:x} … 0x{address + bytes:x} is unmapped while work that uses it has not finished.");
            }

            CheckMapWhileRunning(CudaEntryPoint.cuMemUnmap);
            error = _memory.Unmap(address, bytes, out int mappings);
            return Leave(CudaEntryPoint.cuMemUnmap, error, mappings);
        }
    }

    private CudaError MemSetAccess(ulong address, nuint bytes, CudaAccessDescriptor* descriptors, nuint count)
    {
        lock (_gate)
        {
            CudaError error = Enter(CudaEntryPoint.cuMemSetAccess);
            if (error != CudaError.Success)
            {
                return error;
            }

            error = _memory.SetAccess(address, bytes, *descriptors, count, out int mappings);
            return Leave(CudaEntryPoint.cuMemSetAccess, error, mappings);
        }
    }

    private void CheckMapWhileRunning(CudaEntryPoint entryPoint)
    {
        if (_options.ComputeCapability.Major < 8 && !_execution.IsIdle)
        {
            Report(SimulatedCudaBreachKind.MapWhileRunning, $"{entryPoint} is called while work runs, on a device of compute capability {_options.ComputeCapability}.");
        }
    }

    /// <summary>A question about the device, asked without a context.</summary>
    private CudaError OfDevice<T>(CudaEntryPoint entryPoint, int device, T* result, T value)
        where T : unmanaged
    {
        lock (_gate)
        {
            CudaError error = Enter(entryPoint, needsContext: false);
            if (error != CudaError.Success)
            {
                return error;
            }

            *result = value;
            return Leave(entryPoint, device == DeviceHandle ? CudaError.Success : CudaError.InvalidDevice);
        }
    }
}
