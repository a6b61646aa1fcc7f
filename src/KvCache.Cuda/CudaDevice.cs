using System.Diagnostics.CodeAnalysis;
using KvCache.Cuda.Driver;
using KvCache.Memory;

namespace KvCache.Cuda;

/// <summary>A GPU as a device for caches: memory, copies in stream order, events as fences.</summary>
/// <remarks>
/// <para>Work is ordered by one stream, <see cref="Stream"/>: copies are submitted to it, and the engine submits the kernels to it that read
/// and write the cache. Where kernels run on further streams, <see cref="AddReader"/> makes every fence wait for these too.</para>
/// <para>Members may be called from any thread; the context is made current for the time of the call, and what was current before is
/// current again afterwards. Arenas and other memory keep the context alive: they may be disposed after the device.</para>
/// </remarks>
public sealed unsafe class CudaDevice : IKvDevice, IDisposable
{
    private const uint NonBlocking = 1;
    private readonly CudaTimeline _timeline;
    private readonly bool _ownsStream;
    private bool _streamDestroyed;
    private bool _disposed;

    private CudaDevice(CudaContext context, CudaDeviceInfo info, int device, nint stream, bool ownsStream)
    {
        Shared = context;
        Info = info;
        Device = device;
        Stream = stream;
        _ownsStream = ownsStream;
        _timeline = new CudaTimeline(context, stream);
    }

    /// <summary>Gets what the driver says of the device.</summary>
    public CudaDeviceInfo Info { get; }

    /// <inheritdoc/>
    public string Name => Info.Name;

    /// <inheritdoc/>
    public bool HasMemory => Driver.HasMemory;

    /// <summary>Gets whether the processor can read and write at the device's addresses: only on a simulated driver with memory.</summary>
    public bool IsHostAccessible => Driver.IsHostAccessible;

    /// <summary>Gets the driver.</summary>
    public CudaDriver Driver => Shared.Driver;

    /// <summary>Gets the context's handle (<c>CUcontext</c>).</summary>
    public nint Context => Shared.Handle;

    /// <summary>Gets the handle of the stream (<c>CUstream</c>) that orders copies and the engine's kernels.</summary>
    public nint Stream { get; }

    /// <summary>Gets the latest refusal of the driver that was answered by a value and not by an exception; null if there was none.</summary>
    public CudaException? LastError => Shared.LastError;

    internal CudaContext Shared { get; }

    internal int Device { get; }

    /// <summary>Opens a device on its primary context, which the CUDA runtime uses too, with a stream of its own.</summary>
    /// <param name="driver">The driver.</param>
    /// <param name="ordinal">The device's number, from 0.</param>
    /// <returns>The device; dispose it.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such device.</exception>
    /// <exception cref="CudaException">The driver refused.</exception>
    public static CudaDevice Open(CudaDriver driver, int ordinal = 0)
    {
        ArgumentNullException.ThrowIfNull(driver);
        int count = driver.GetDeviceCount();
        if ((uint)ordinal >= (uint)count)
        {
            throw new ArgumentOutOfRangeException(
                nameof(ordinal), ordinal, $"ordinal is {ordinal}; expected {(count == 0 ? "nothing: there is no device" : $"0 … {count - 1}")}.");
        }

        int device = driver.GetDevice(ordinal);
        CudaDeviceInfo info = driver.Describe(device, ordinal);
        CudaContext context = CudaContext.Retain(driver, device);
        try
        {
            using CudaScope scope = context.Enter();
            nint stream;
            driver.Check(driver.Entries.cuStreamCreate(&stream, NonBlocking), CudaEntryPoint.cuStreamCreate);
            return new CudaDevice(context, info, device, stream, ownsStream: true);
        }
        catch (CudaException)
        {
            context.RemoveOwner();
            throw;
        }
    }

    /// <summary>Uses an engine's context and stream; both stay the engine's, and must outlive the device and its memory.</summary>
    /// <param name="driver">The driver.</param>
    /// <param name="context">The context (<c>CUcontext</c>).</param>
    /// <param name="stream">The stream (<c>CUstream</c>) on which the engine's kernels run; 0 for the default stream.</param>
    /// <returns>The device; dispose it.</returns>
    /// <exception cref="ArgumentException"><paramref name="context"/> is 0.</exception>
    /// <exception cref="CudaException">The driver refused.</exception>
    public static CudaDevice Adopt(CudaDriver driver, nint context, nint stream)
    {
        ArgumentNullException.ThrowIfNull(driver);
        if (context == 0)
        {
            throw new ArgumentException("context is 0; expected the handle of a context.", nameof(context));
        }

        CudaContext adopted = new(driver, context);
        using CudaScope scope = adopted.Enter();
        int device;
        driver.Check(driver.Entries.cuCtxGetDevice(&device), CudaEntryPoint.cuCtxGetDevice);
        int ordinal = 0;
        for (int count = driver.GetDeviceCount(); ordinal < count - 1 && driver.GetDevice(ordinal) != device;)
        {
            ordinal++;
        }

        return new CudaDevice(adopted, driver.Describe(device, ordinal), device, stream, ownsStream: false);
    }

    /// <summary>Asks how much memory is free on the device, for this process or any other.</summary>
    /// <returns>Free and total bytes.</returns>
    /// <exception cref="CudaException">The driver refused.</exception>
    public (long FreeBytes, long TotalBytes) GetMemoryInfo()
    {
        using CudaScope scope = Enter();
        nuint free;
        nuint total;
        Driver.Check(Driver.Entries.cuMemGetInfo_v2(&free, &total), CudaEntryPoint.cuMemGetInfo_v2);
        return ((long)free, (long)total);
    }

    /// <inheritdoc/>
    /// <remarks>Waits until the memory is zeroed. The memory cannot be given back in parts: <see cref="KvArena.CanDecommit"/> is false.</remarks>
    /// <exception cref="CudaException">The driver refused for another reason than exhaustion.</exception>
    public bool TryAllocate(long bytes, [NotNullWhen(true)] out KvArena? arena)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1);
        using CudaScope scope = Enter();
        arena = CudaArena.TryAllocate(Shared, Stream, bytes);
        return arena is not null;
    }

    /// <summary>Asks for host memory that the device copies from and to directly, and beside the processor's work.</summary>
    /// <param name="bytes">Its length; at least 1.</param>
    /// <param name="memory">The memory, not zeroed, when the answer is true. The caller disposes it.</param>
    /// <returns>Whether the system had that much.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bytes"/> is below 1.</exception>
    /// <exception cref="CudaException">The driver refused for another reason than exhaustion.</exception>
    public bool TryAllocatePinned(long bytes, [NotNullWhen(true)] out CudaPinnedMemory? memory)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1);
        using CudaScope scope = Enter();
        memory = CudaPinnedMemory.TryAllocate(Shared, bytes);
        return memory is not null;
    }

    /// <inheritdoc/>
    /// <remarks>Submitted to <see cref="Stream"/>. What the driver refuses is a transfer that has failed; <see cref="LastError"/> names it.</remarks>
    public KvTransfer Copy(ReadOnlySpan<KvCopy> copies)
    {
        using CudaScope scope = Enter();
        foreach (KvCopy copy in copies)
        {
            CudaError answer = Driver.Entries.cuMemcpyDtoDAsync_v2((ulong)copy.Destination, (ulong)copy.Source, (nuint)copy.Bytes, Stream);
            if (answer != CudaError.Success)
            {
                Shared.Note(answer, CudaEntryPoint.cuMemcpyDtoDAsync_v2);
                return new KvTransfer(_timeline.Record(failed: true));
            }
        }

        return new KvTransfer(_timeline.Record());
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Names the work of <see cref="Stream"/> and of all streams given to <see cref="AddReader"/>. Where the driver cannot record an
    /// event, waits for the work instead.
    /// </remarks>
    /// <exception cref="CudaException">The context is lost.</exception>
    public KvFence RecordFence()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _timeline.Record();
    }

    /// <summary>Makes every later fence wait for the work of one more stream, on which kernels may use the cache's memory. Waits for the work so far.</summary>
    /// <param name="stream">The stream (<c>CUstream</c>) of this device's context.</param>
    /// <exception cref="CudaException">The driver refused.</exception>
    public void AddReader(nint stream)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _timeline.AddStream(stream);
    }

    /// <summary>Ends what <see cref="AddReader"/> has begun, before the stream is destroyed. Waits for the work so far.</summary>
    /// <param name="stream">The stream.</param>
    /// <exception cref="ArgumentException">The stream was not added.</exception>
    /// <exception cref="CudaException">The driver refused.</exception>
    public void RemoveReader(nint stream)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (!_timeline.RemoveStream(stream))
        {
            throw new ArgumentException($"Stream 0x{stream:x} was not added.", nameof(stream));
        }
    }

    /// <summary>Waits until all work on <see cref="Stream"/> has finished.</summary>
    /// <exception cref="CudaException">The work failed: the context is lost.</exception>
    public void Synchronize()
    {
        using CudaScope scope = Enter();
        Driver.Check(Driver.Entries.cuStreamSynchronize(Stream), CudaEntryPoint.cuStreamSynchronize);
    }

    /// <summary>Waits for the work on <see cref="Stream"/> and gives back the stream and the context, if these are the device's own.</summary>
    /// <exception cref="CudaException">The driver refused to take something back; disposing again tries again.</exception>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        using (CudaScope scope = Shared.Enter())
        {
            if (!_streamDestroyed)
            {
                Shared.CheckReturn(Driver.Entries.cuStreamSynchronize(Stream), CudaEntryPoint.cuStreamSynchronize);
                _timeline.Destroy();
                if (_ownsStream)
                {
                    Shared.CheckReturn(Driver.Entries.cuStreamDestroy_v2(Stream), CudaEntryPoint.cuStreamDestroy_v2);
                }

                _streamDestroyed = true;
            }
        }

        Shared.RemoveOwner();
        _disposed = true;
    }

    internal CudaScope Enter()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return Shared.Enter();
    }
}
