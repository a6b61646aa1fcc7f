using System.Runtime.InteropServices;

namespace KvCache.Cuda.Driver;

/// <summary>The driver as a table of functions: of the library on this machine, or of a double.</summary>
/// <remarks>
/// Types of <c>cuda.h</c>: <c>CUdeviceptr</c>, <c>CUmemGenericAllocationHandle</c> = ulong; <c>size_t</c> = nuint; <c>CUdevice</c>,
/// <c>CUresult</c> = int; <c>CUcontext</c>, <c>CUstream</c>, <c>CUevent</c> = nint.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct CudaEntryPoints
{
    public delegate* unmanaged<uint, CudaError> cuInit;
    public delegate* unmanaged<int*, CudaError> cuDriverGetVersion;
    public delegate* unmanaged<CudaError, byte**, CudaError> cuGetErrorName;
    public delegate* unmanaged<int*, CudaError> cuDeviceGetCount;
    public delegate* unmanaged<int*, int, CudaError> cuDeviceGet;
    public delegate* unmanaged<byte*, int, int, CudaError> cuDeviceGetName;
    public delegate* unmanaged<int*, CudaDeviceAttribute, int, CudaError> cuDeviceGetAttribute;
    public delegate* unmanaged<nuint*, int, CudaError> cuDeviceTotalMem_v2;
    public delegate* unmanaged<nint*, int, CudaError> cuDevicePrimaryCtxRetain;
    public delegate* unmanaged<int, CudaError> cuDevicePrimaryCtxRelease_v2;
    public delegate* unmanaged<nint*, CudaError> cuCtxGetCurrent;
    public delegate* unmanaged<nint, CudaError> cuCtxSetCurrent;
    public delegate* unmanaged<int*, CudaError> cuCtxGetDevice;
    public delegate* unmanaged<CudaError> cuCtxSynchronize;
    public delegate* unmanaged<nuint*, nuint*, CudaError> cuMemGetInfo_v2;
    public delegate* unmanaged<ulong*, nuint, CudaError> cuMemAlloc_v2;
    public delegate* unmanaged<ulong, CudaError> cuMemFree_v2;
    public delegate* unmanaged<void**, nuint, uint, CudaError> cuMemHostAlloc;
    public delegate* unmanaged<void*, CudaError> cuMemFreeHost;
    public delegate* unmanaged<ulong, void*, nuint, nint, CudaError> cuMemcpyHtoDAsync_v2;
    public delegate* unmanaged<void*, ulong, nuint, nint, CudaError> cuMemcpyDtoHAsync_v2;
    public delegate* unmanaged<ulong, ulong, nuint, nint, CudaError> cuMemcpyDtoDAsync_v2;
    public delegate* unmanaged<ulong, byte, nuint, nint, CudaError> cuMemsetD8Async;
    public delegate* unmanaged<nint*, uint, CudaError> cuStreamCreate;
    public delegate* unmanaged<nint, CudaError> cuStreamDestroy_v2;
    public delegate* unmanaged<nint, CudaError> cuStreamSynchronize;
    public delegate* unmanaged<nint, nint, uint, CudaError> cuStreamWaitEvent;
    public delegate* unmanaged<nint*, uint, CudaError> cuEventCreate;
    public delegate* unmanaged<nint, CudaError> cuEventDestroy_v2;
    public delegate* unmanaged<nint, nint, CudaError> cuEventRecord;
    public delegate* unmanaged<nint, CudaError> cuEventQuery;
    public delegate* unmanaged<nint, CudaError> cuEventSynchronize;
    public delegate* unmanaged<nuint*, CudaAllocationProperties*, CudaGranularity, CudaError> cuMemGetAllocationGranularity;
    public delegate* unmanaged<ulong*, nuint, nuint, ulong, ulong, CudaError> cuMemAddressReserve;
    public delegate* unmanaged<ulong, nuint, CudaError> cuMemAddressFree;
    public delegate* unmanaged<ulong*, nuint, CudaAllocationProperties*, ulong, CudaError> cuMemCreate;
    public delegate* unmanaged<ulong, CudaError> cuMemRelease;
    public delegate* unmanaged<ulong, nuint, nuint, ulong, ulong, CudaError> cuMemMap;
    public delegate* unmanaged<ulong, nuint, CudaError> cuMemUnmap;
    public delegate* unmanaged<ulong, nuint, CudaAccessDescriptor*, nuint, CudaError> cuMemSetAccess;
}
