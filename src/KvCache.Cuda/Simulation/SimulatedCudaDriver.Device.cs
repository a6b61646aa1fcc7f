using System.Runtime.InteropServices;
using KvCache.Cuda.Driver;

namespace KvCache.Cuda.Simulation;

/// <content>The driver's functions: the device and its contexts.</content>
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

    private static nint Text(string text) => Marshal.StringToCoTaskMemUTF8(text);

    private CudaError GetErrorName(CudaError error, byte** name)
    {
        *name = ErrorNames.TryGetValue(error, out nint text) ? (byte*)text : null;
        return *name is null ? CudaError.InvalidValue : CudaError.Success;
    }

    private CudaError Init(uint flags)
    {
        using Call call = new(this, CudaEntryPoint.cuInit, needsContext: false);
        _initialized |= !call.IsRefused;
        return call.IsRefused ? call.Refusal : call.Answer(flags == 0 ? CudaError.Success : CudaError.InvalidValue);
    }

    private CudaError DriverGetVersion(int* version) => Tell(CudaEntryPoint.cuDriverGetVersion, DeviceHandle, version, 12_040);

    private CudaError DeviceGetCount(int* count) => Tell(CudaEntryPoint.cuDeviceGetCount, DeviceHandle, count, 1);

    private CudaError DeviceGet(int* device, int ordinal) => Tell(CudaEntryPoint.cuDeviceGet, ordinal, device, DeviceHandle);

    private CudaError DeviceGetName(byte* name, int length, int device)
    {
        int unused;
        ReadOnlySpan<byte> text = "simulated\0"u8;
        text[..Math.Min(length, text.Length)].CopyTo(new Span<byte>(name, length));
        return Tell(CudaEntryPoint.cuDeviceGetName, device, &unused, 0);
    }

    private CudaError DeviceGetAttribute(int* value, CudaDeviceAttribute attribute, int device) => Tell(
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
        Tell(CudaEntryPoint.cuDeviceTotalMem_v2, device, bytes, (nuint)_options.MemoryBytes);

    private CudaError MemGetAllocationGranularity(nuint* bytes, CudaAllocationProperties* properties, CudaGranularity option) =>
        Tell(CudaEntryPoint.cuMemGetAllocationGranularity, properties->Location.Id, bytes, (nuint)_options.GranularityBytes);

    private CudaError DevicePrimaryCtxRetain(nint* context, int device)
    {
        lock (_gate)
        {
            CudaError error = Tell(CudaEntryPoint.cuDevicePrimaryCtxRetain, device, context, PrimaryContext);
            _retained += error == CudaError.Success ? 1 : 0;
            return error;
        }
    }

    private CudaError DevicePrimaryCtxRelease(int device)
    {
        lock (_gate)
        {
            nint unused;
            CudaError error = Tell(CudaEntryPoint.cuDevicePrimaryCtxRelease_v2, device, &unused, (nint)0);
            if (error == CudaError.Success && _retained == 0)
            {
                return Report(SimulatedCudaBreachKind.InvalidHandle, "The primary context is released more often than retained.");
            }

            _retained -= error == CudaError.Success ? 1 : 0;
            return error;
        }
    }

    private CudaError CtxGetCurrent(nint* context) =>
        Tell(CudaEntryPoint.cuCtxGetCurrent, DeviceHandle, context, _thread.Value!.Context);

    private CudaError CtxSetCurrent(nint context)
    {
        using Call call = new(this, CudaEntryPoint.cuCtxSetCurrent, needsContext: false);
        if (call.IsRefused)
        {
            return call.Refusal;
        }

        if (context != 0 && context != PrimaryContext && !_contexts.Contains(context))
        {
            return call.Answer(SimulatedCudaBreachKind.InvalidHandle, $"Context 0x{context:x} does not exist.");
        }

        _thread.Value!.Context = context;
        return call.Answer(CudaError.Success);
    }

    private CudaError CtxGetDevice(int* device)
    {
        *device = DeviceHandle;
        using Call call = new(this, CudaEntryPoint.cuCtxGetDevice);
        return call.IsRefused ? call.Refusal : call.Answer(CudaError.Success);
    }

    private CudaError CtxSynchronize()
    {
        using Call call = new(this, CudaEntryPoint.cuCtxSynchronize);
        if (call.IsRefused)
        {
            return call.Refusal;
        }

        _execution.RunAll();
        return call.Answer(_execution.Sticky);
    }

    private CudaError MemGetInfo(nuint* free, nuint* total)
    {
        using Call call = new(this, CudaEntryPoint.cuMemGetInfo_v2);
        if (call.IsRefused)
        {
            return call.Refusal;
        }

        *free = (nuint)_usage.Free;
        *total = (nuint)_options.MemoryBytes;
        return call.Answer(CudaError.Success);
    }

    /// <summary>A question about the device, asked without a context.</summary>
    private CudaError Tell<T>(CudaEntryPoint entryPoint, int device, T* result, T value)
        where T : unmanaged
    {
        using Call call = new(this, entryPoint, needsContext: false);
        if (call.IsRefused)
        {
            return call.Refusal;
        }

        *result = value;
        return call.Answer(device == DeviceHandle ? CudaError.Success : CudaError.InvalidDevice);
    }
}
