using System.Runtime.InteropServices;

namespace KvCache.Gpu.Devices.Cuda;

/// <summary>The functions of CUDA's driver that ILGPU does not offer, from the library that ILGPU uses. All answer a <c>CUresult</c>.</summary>
internal sealed unsafe class CudaFunctions
{
    public readonly delegate* unmanaged<nint, int> ContextPush;
    public readonly delegate* unmanaged<nint*, int> ContextPop;
    public readonly delegate* unmanaged<int> ContextSynchronize;
    public readonly delegate* unmanaged<ulong*, nuint, int> Allocate;
    public readonly delegate* unmanaged<ulong, int> Free;
    public readonly delegate* unmanaged<void**, nuint, uint, int> HostAllocate;
    public readonly delegate* unmanaged<void*, int> HostFree;
    public readonly delegate* unmanaged<ulong, byte, nuint, nint, int> Set;
    public readonly delegate* unmanaged<ulong, ulong, nuint, nint, int> CopyWithinDevice;
    public readonly delegate* unmanaged<ulong, void*, nuint, nint, int> CopyToDevice;
    public readonly delegate* unmanaged<void*, ulong, nuint, nint, int> CopyToHost;
    public readonly delegate* unmanaged<nint, int> StreamSynchronize;
    public readonly delegate* unmanaged<nint, nint, uint, int> StreamWaitEvent;
    public readonly delegate* unmanaged<nint*, uint, int> EventCreate;
    public readonly delegate* unmanaged<nint, nint, int> EventRecord;
    public readonly delegate* unmanaged<nint, int> EventQuery;
    public readonly delegate* unmanaged<nint, int> EventSynchronize;
    public readonly delegate* unmanaged<nint, int> EventDestroy;
    public readonly delegate* unmanaged<nint*, void*, uint, int*, void**, int> ModuleLoad;
    public readonly delegate* unmanaged<nint, int> ModuleUnload;
    public readonly delegate* unmanaged<nint*, nint, byte*, int> ModuleGetFunction;
    public readonly delegate* unmanaged<nint, int, int, int> FunctionSetAttribute;
    public readonly delegate* unmanaged<int*, nint, int, nuint, int> Occupancy;
    public readonly delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, void**, void**, int> Launch;

    private CudaFunctions(nint library)
    {
        ContextPush = (delegate* unmanaged<nint, int>)Find(library, "cuCtxPushCurrent_v2");
        ContextPop = (delegate* unmanaged<nint*, int>)Find(library, "cuCtxPopCurrent_v2");
        ContextSynchronize = (delegate* unmanaged<int>)Find(library, "cuCtxSynchronize");
        Allocate = (delegate* unmanaged<ulong*, nuint, int>)Find(library, "cuMemAlloc_v2");
        Free = (delegate* unmanaged<ulong, int>)Find(library, "cuMemFree_v2");
        HostAllocate = (delegate* unmanaged<void**, nuint, uint, int>)Find(library, "cuMemHostAlloc");
        HostFree = (delegate* unmanaged<void*, int>)Find(library, "cuMemFreeHost");
        Set = (delegate* unmanaged<ulong, byte, nuint, nint, int>)Find(library, "cuMemsetD8Async");
        CopyWithinDevice = (delegate* unmanaged<ulong, ulong, nuint, nint, int>)Find(library, "cuMemcpyDtoDAsync_v2");
        CopyToDevice = (delegate* unmanaged<ulong, void*, nuint, nint, int>)Find(library, "cuMemcpyHtoDAsync_v2");
        CopyToHost = (delegate* unmanaged<void*, ulong, nuint, nint, int>)Find(library, "cuMemcpyDtoHAsync_v2");
        StreamSynchronize = (delegate* unmanaged<nint, int>)Find(library, "cuStreamSynchronize");
        StreamWaitEvent = (delegate* unmanaged<nint, nint, uint, int>)Find(library, "cuStreamWaitEvent");
        EventCreate = (delegate* unmanaged<nint*, uint, int>)Find(library, "cuEventCreate");
        EventRecord = (delegate* unmanaged<nint, nint, int>)Find(library, "cuEventRecord");
        EventQuery = (delegate* unmanaged<nint, int>)Find(library, "cuEventQuery");
        EventSynchronize = (delegate* unmanaged<nint, int>)Find(library, "cuEventSynchronize");
        EventDestroy = (delegate* unmanaged<nint, int>)Find(library, "cuEventDestroy_v2");
        ModuleLoad = (delegate* unmanaged<nint*, void*, uint, int*, void**, int>)Find(library, "cuModuleLoadDataEx");
        ModuleUnload = (delegate* unmanaged<nint, int>)Find(library, "cuModuleUnload");
        ModuleGetFunction = (delegate* unmanaged<nint*, nint, byte*, int>)Find(library, "cuModuleGetFunction");
        FunctionSetAttribute = (delegate* unmanaged<nint, int, int, int>)Find(library, "cuFuncSetAttribute");
        Occupancy = (delegate* unmanaged<int*, nint, int, nuint, int>)Find(library, "cuOccupancyMaxActiveBlocksPerMultiprocessor");
        Launch = (delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, void**, void**, int>)Find(library, "cuLaunchKernel");
    }

    /// <summary>Finds the functions in the driver's library.</summary>
    public static CudaFunctions Load() => DriverLibraries.TryLoadCuda(out nint library)
        ? new CudaFunctions(library)
        : throw new PlatformNotSupportedException("CUDA's driver library cannot be loaded.");

    private static nint Find(nint library, string name) => NativeLibrary.TryGetExport(library, name, out nint address)
        ? address
        : throw new PlatformNotSupportedException($"CUDA's driver library has no {name}; a driver of CUDA 10 or newer is needed.");
}
