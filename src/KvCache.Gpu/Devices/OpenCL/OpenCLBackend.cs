using ILGPU.Runtime;
using ILGPU.Runtime.OpenCL;

namespace KvCache.Gpu.Devices.OpenCL;

/// <summary>OpenCL: buffers behind made-up addresses, one queue for everything.</summary>
internal sealed class OpenCLBackend : GpuBackend
{
    // Addresses of a user process end at 2^47 on common systems: these are never mistaken for the processor's.
    private const long FirstAddress = 1L << 47;
    private const long Alignment = 4096;
    private readonly Lock _gate = new();
    private readonly CLAccelerator _accelerator;
    private readonly CLStream _stream;
    private readonly OpenCLQueue _queue;
    private long _next = FirstAddress;

    public OpenCLBackend(CLAccelerator accelerator, AcceleratorStream stream, AddressMap map)
    {
        _accelerator = accelerator;
        _stream = (CLStream)stream;
        _queue = new OpenCLQueue(OpenCLFunctions.Load(), _stream, map);
    }

    public override bool IsHostAccessible => false;

    public override GpuQueue Compute => _queue;

    public override GpuQueue ToDevice => _queue;

    public override GpuQueue ToHost => _queue;

    public override GpuException? LastError => _queue.LastError;

    public override DeviceBlock? TryAllocate(long bytes)
    {
        if (bytes > _accelerator.MemorySize)
        {
            return null;
        }

        CLMemoryBuffer buffer;
        try
        {
            buffer = new CLMemoryBuffer(_accelerator, bytes, 1);
        }
        catch (CLException exception) when (IsExhaustion(exception.Error))
        {
            return null;
        }

        // Drivers allocate when a buffer is first used.
        CLError answer = CLAPI.CurrentAPI.FillBuffer(_stream, buffer.NativePtr, (byte)0, 0, (nint)bytes);
        if (answer == CLError.CL_SUCCESS)
        {
            answer = CLAPI.CurrentAPI.FinishCommandQueue(_stream.CommandQueue);
        }

        if (answer == CLError.CL_SUCCESS)
        {
            return new DeviceBlock(NextAddress(bytes), bytes, buffer);
        }

        buffer.Dispose();
        return IsExhaustion(answer) ? null : throw new GpuException("clEnqueueFillBuffer", (int)answer, answer.ToString());
    }

    public override void Free(DeviceBlock block) => block.Buffer.Dispose();

    public override MemoryBuffer Wrap(nint address, long bytes) => throw new NotSupportedException(
        "OpenCL memory has no addresses; wrap a buffer of ILGPU instead.");

    public override nint AddressOf(MemoryBuffer buffer) => NextAddress(buffer.LengthInBytes);

    public override void Drain() => CLAPI.CurrentAPI.FinishCommandQueue(_stream.CommandQueue);

    public override void Dispose() => _queue.Close();

    private static bool IsExhaustion(CLError error) => error is CLError.CL_MEM_OBJECT_ALLOCATION_FAILURE
        or CLError.CL_OUT_OF_RESOURCES or CLError.CL_OUT_OF_HOST_MEMORY or CLError.CL_INVALID_BUFFER_SIZE;

    private nint NextAddress(long bytes)
    {
        lock (_gate)
        {
            long address = _next;

            // One page is left out after each, so that an address past the end of one is not inside the next.
            _next = checked(_next + ((bytes + Alignment - 1) / Alignment * Alignment) + Alignment);
            return (nint)address;
        }
    }
}
