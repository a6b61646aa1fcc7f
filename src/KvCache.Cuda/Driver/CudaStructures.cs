using System.Runtime.InteropServices;

namespace KvCache.Cuda.Driver;

/// <summary><c>CUmemLocation</c>: 8 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CudaLocation
{
    public CudaLocationType Type;
    public int Id;
}

/// <summary><c>CUmemAllocationProp</c>: 32 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CudaAllocationProperties
{
    public CudaAllocationType Type;
    public int RequestedHandleTypes;
    public CudaLocation Location;
    public nint Win32HandleMetadata;
    public CudaAllocationFlags Flags;
}

/// <summary><c>CUmemAllocationProp.allocFlags</c>: 8 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CudaAllocationFlags
{
    public byte CompressionType;
    public byte GpuDirectRdmaCapable;
    public ushort Usage;
    public uint Reserved;
}

/// <summary><c>CUmemAccessDesc</c>: 12 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CudaAccessDescriptor
{
    public CudaLocation Location;
    public CudaAccess Access;
}

/// <summary><c>CUmemLocationType</c>.</summary>
internal enum CudaLocationType
{
    Device = 1,
}

/// <summary><c>CUmemAllocationType</c>.</summary>
internal enum CudaAllocationType
{
    Pinned = 1,
}

/// <summary><c>CUmemAccess_flags</c>.</summary>
internal enum CudaAccess
{
    None = 0,
    Read = 1,
    ReadWrite = 3,
}

/// <summary><c>CUmemAllocationGranularity_flags</c>.</summary>
internal enum CudaGranularity
{
    Minimum = 0,
    Recommended = 1,
}

/// <summary><c>CUdevice_attribute</c>.</summary>
internal enum CudaDeviceAttribute
{
    ComputeCapabilityMajor = 75,
    ComputeCapabilityMinor = 76,
    VirtualMemoryManagementSupported = 102,
}
