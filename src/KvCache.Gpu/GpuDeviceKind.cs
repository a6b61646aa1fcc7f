namespace KvCache.Gpu;

/// <summary>What a device is driven by.</summary>
public enum GpuDeviceKind
{
    /// <summary>ILGPU's simulation on this machine's processor, for tests and for machines without a GPU: right, and slow.</summary>
    CpuAccelerator,

    /// <summary>An NVIDIA GPU through CUDA's driver.</summary>
    Cuda,

    /// <summary>A device of an OpenCL platform. Found only where it is asked for by name.</summary>
    OpenCL,
}
