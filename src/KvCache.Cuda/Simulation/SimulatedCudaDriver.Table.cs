using System.Runtime.InteropServices;
using KvCache.Cuda.Driver;

namespace KvCache.Cuda.Simulation;

/// <content>The table of functions. Each is a closure over this instance, which a static function could not be.</content>
public sealed unsafe partial class SimulatedCudaDriver
{
    private readonly List<Delegate> _functions = [];

    private CudaEntryPoints CreateTable() => new()
    {
        cuInit = (delegate* unmanaged<uint, CudaError>)Export<OfUInt32>(Init),
        cuDriverGetVersion = (delegate* unmanaged<int*, CudaError>)Export<GetInt32>(DriverGetVersion),
        cuGetErrorName = (delegate* unmanaged<CudaError, byte**, CudaError>)Export<GetName>(GetErrorName),
        cuDeviceGetCount = (delegate* unmanaged<int*, CudaError>)Export<GetInt32>(DeviceGetCount),
        cuDeviceGet = (delegate* unmanaged<int*, int, CudaError>)Export<GetInt32OfInt32>(DeviceGet),
        cuDeviceGetName = (delegate* unmanaged<byte*, int, int, CudaError>)Export<GetText>(DeviceGetName),
        cuDeviceGetAttribute = (delegate* unmanaged<int*, CudaDeviceAttribute, int, CudaError>)Export<GetAttribute>(DeviceGetAttribute),
        cuDeviceTotalMem_v2 = (delegate* unmanaged<nuint*, int, CudaError>)Export<GetSizeOfInt32>(DeviceTotalMem),
        cuDevicePrimaryCtxRetain = (delegate* unmanaged<nint*, int, CudaError>)Export<GetHandleOfInt32>(DevicePrimaryCtxRetain),
        cuDevicePrimaryCtxRelease_v2 = (delegate* unmanaged<int, CudaError>)Export<OfInt32>(DevicePrimaryCtxRelease),
        cuCtxGetCurrent = (delegate* unmanaged<nint*, CudaError>)Export<GetHandle>(CtxGetCurrent),
        cuCtxSetCurrent = (delegate* unmanaged<nint, CudaError>)Export<OfHandle>(CtxSetCurrent),
        cuCtxGetDevice = (delegate* unmanaged<int*, CudaError>)Export<GetInt32>(CtxGetDevice),
        cuCtxSynchronize = (delegate* unmanaged<CudaError>)Export<OfNothing>(CtxSynchronize),
        cuMemGetInfo_v2 = (delegate* unmanaged<nuint*, nuint*, CudaError>)Export<GetSizes>(MemGetInfo),
        cuMemAlloc_v2 = (delegate* unmanaged<ulong*, nuint, CudaError>)Export<GetAddressOfSize>(MemAlloc),
        cuMemFree_v2 = (delegate* unmanaged<ulong, CudaError>)Export<OfAddress>(MemFree),
        cuMemHostAlloc = (delegate* unmanaged<void**, nuint, uint, CudaError>)Export<GetHostMemory>(MemHostAlloc),
        cuMemFreeHost = (delegate* unmanaged<void*, CudaError>)Export<OfPointer>(MemFreeHost),
        cuMemcpyHtoDAsync_v2 = (delegate* unmanaged<ulong, void*, nuint, nint, CudaError>)Export<CopyFromHost>(MemcpyHtoDAsync),
        cuMemcpyDtoHAsync_v2 = (delegate* unmanaged<void*, ulong, nuint, nint, CudaError>)Export<CopyToHost>(MemcpyDtoHAsync),
        cuMemcpyDtoDAsync_v2 = (delegate* unmanaged<ulong, ulong, nuint, nint, CudaError>)Export<CopyWithin>(MemcpyDtoDAsync),
        cuMemsetD8Async = (delegate* unmanaged<ulong, byte, nuint, nint, CudaError>)Export<Fill>(MemsetD8Async),
        cuStreamCreate = (delegate* unmanaged<nint*, uint, CudaError>)Export<GetHandleOfUInt32>(StreamCreate),
        cuStreamDestroy_v2 = (delegate* unmanaged<nint, CudaError>)Export<OfHandle>(StreamDestroy),
        cuStreamSynchronize = (delegate* unmanaged<nint, CudaError>)Export<OfHandle>(StreamSynchronize),
        cuStreamWaitEvent = (delegate* unmanaged<nint, nint, uint, CudaError>)Export<OfHandlesAndUInt32>(StreamWaitEvent),
        cuEventCreate = (delegate* unmanaged<nint*, uint, CudaError>)Export<GetHandleOfUInt32>(EventCreate),
        cuEventDestroy_v2 = (delegate* unmanaged<nint, CudaError>)Export<OfHandle>(EventDestroy),
        cuEventRecord = (delegate* unmanaged<nint, nint, CudaError>)Export<OfHandles>(EventRecord),
        cuEventQuery = (delegate* unmanaged<nint, CudaError>)Export<OfHandle>(EventQuery),
        cuEventSynchronize = (delegate* unmanaged<nint, CudaError>)Export<OfHandle>(EventSynchronize),
        cuMemGetAllocationGranularity =
            (delegate* unmanaged<nuint*, CudaAllocationProperties*, CudaGranularity, CudaError>)Export<GetGranularity>(MemGetAllocationGranularity),
        cuMemAddressReserve = (delegate* unmanaged<ulong*, nuint, nuint, ulong, ulong, CudaError>)Export<ReserveAddresses>(MemAddressReserve),
        cuMemAddressFree = (delegate* unmanaged<ulong, nuint, CudaError>)Export<OfRange>(MemAddressFree),
        cuMemCreate = (delegate* unmanaged<ulong*, nuint, CudaAllocationProperties*, ulong, CudaError>)Export<CreateMemory>(MemCreate),
        cuMemRelease = (delegate* unmanaged<ulong, CudaError>)Export<OfAddress>(MemRelease),
        cuMemMap = (delegate* unmanaged<ulong, nuint, nuint, ulong, ulong, CudaError>)Export<MapMemory>(MemMap),
        cuMemUnmap = (delegate* unmanaged<ulong, nuint, CudaError>)Export<OfRange>(MemUnmap),
        cuMemSetAccess = (delegate* unmanaged<ulong, nuint, CudaAccessDescriptor*, nuint, CudaError>)Export<GiveAccess>(MemSetAccess),
    };

    private nint Export<TFunction>(TFunction function)
        where TFunction : Delegate
    {
        _functions.Add(function); // keeps the closure while the table may be called
        return Marshal.GetFunctionPointerForDelegate(function);
    }

    private delegate CudaError OfNothing();
    private delegate CudaError OfInt32(int a);
    private delegate CudaError OfUInt32(uint a);
    private delegate CudaError OfHandle(nint a);
    private delegate CudaError OfPointer(void* a);
    private delegate CudaError OfAddress(ulong a);
    private delegate CudaError OfHandles(nint a, nint b);
    private delegate CudaError OfHandlesAndUInt32(nint a, nint b, uint c);
    private delegate CudaError OfRange(ulong a, nuint b);
    private delegate CudaError GetInt32(int* a);
    private delegate CudaError GetInt32OfInt32(int* a, int b);
    private delegate CudaError GetHandle(nint* a);
    private delegate CudaError GetHandleOfInt32(nint* a, int b);
    private delegate CudaError GetHandleOfUInt32(nint* a, uint b);
    private delegate CudaError GetName(CudaError a, byte** b);
    private delegate CudaError GetText(byte* a, int b, int c);
    private delegate CudaError GetAttribute(int* a, CudaDeviceAttribute b, int c);
    private delegate CudaError GetSizeOfInt32(nuint* a, int b);
    private delegate CudaError GetSizes(nuint* a, nuint* b);
    private delegate CudaError GetAddressOfSize(ulong* a, nuint b);
    private delegate CudaError GetHostMemory(void** a, nuint b, uint c);
    private delegate CudaError GetGranularity(nuint* a, CudaAllocationProperties* b, CudaGranularity c);
    private delegate CudaError CopyFromHost(ulong a, void* b, nuint c, nint d);
    private delegate CudaError CopyToHost(void* a, ulong b, nuint c, nint d);
    private delegate CudaError CopyWithin(ulong a, ulong b, nuint c, nint d);
    private delegate CudaError Fill(ulong a, byte b, nuint c, nint d);
    private delegate CudaError ReserveAddresses(ulong* a, nuint b, nuint c, ulong d, ulong e);
    private delegate CudaError CreateMemory(ulong* a, nuint b, CudaAllocationProperties* c, ulong d);
    private delegate CudaError MapMemory(ulong a, nuint b, nuint c, ulong d, ulong e);
    private delegate CudaError GiveAccess(ulong a, nuint b, CudaAccessDescriptor* c, nuint d);
}
