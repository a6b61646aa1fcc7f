using System.Diagnostics.CodeAnalysis;
using ILGPU.Runtime.Cuda;
using KvCache.Cuda;
using KvCache.Gpu;
using CudaDevice = KvCache.Cuda.CudaDevice;

namespace KvCache.GpuCheck.VirtualMemory;

/// <summary>CUDA's driver in the context and on the stream that ILGPU uses.</summary>
internal sealed class CudaSession : IDisposable
{
    private CudaSession(CudaDevice device) => Device = device;

    public CudaDevice Device { get; }

    /// <summary>Adopts a device's context; answers why not where that is not possible.</summary>
    public static bool TryOpen(GpuDevice device, [NotNullWhen(true)] out CudaSession? session, out string reason)
    {
        session = null;
        if (device.Accelerator is not CudaAccelerator)
        {
            reason = $"{device.Name} is no CUDA device.";
            return false;
        }

        if (!CudaDriver.TryLoad(out CudaDriver? driver, out string? missing))
        {
            reason = missing ?? "the driver cannot be loaded.";
            return false;
        }

        CudaDevice adopted = CudaDevice.Adopt(driver, device.Accelerator.NativePtr, ((CudaStream)device.Stream).StreamPtr);
        if (!adopted.Info.SupportsVirtualMemory)
        {
            reason = $"{device.Name} does not support virtual memory management.";
            adopted.Dispose();
            return false;
        }

        reason = "";
        session = new CudaSession(adopted);
        return true;
    }

    public void Dispose() => Device.Dispose();
}
