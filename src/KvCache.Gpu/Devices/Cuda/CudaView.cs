using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace KvCache.Gpu.Devices.Cuda;

/// <summary>Memory at a CUDA address as ILGPU knows memory. It belongs to somebody else.</summary>
internal sealed class CudaView : MemoryBuffer
{
    public CudaView(Accelerator accelerator, nint address, long bytes)
        : base(accelerator, bytes, 1) => NativePtr = address;

    protected override void MemSet(AcceleratorStream stream, byte value, in ArrayView<byte> targetView) =>
        CudaMemoryBuffer.CudaMemSet((CudaStream)stream, value, targetView);

    protected override void CopyFrom(AcceleratorStream stream, in ArrayView<byte> sourceView, in ArrayView<byte> targetView) =>
        CudaMemoryBuffer.CudaCopy((CudaStream)stream, sourceView, targetView);

    protected override void CopyTo(AcceleratorStream stream, in ArrayView<byte> sourceView, in ArrayView<byte> targetView) =>
        CudaMemoryBuffer.CudaCopy((CudaStream)stream, sourceView, targetView);

    protected override void DisposeAcceleratorObject(bool disposing) => NativePtr = 0;
}
