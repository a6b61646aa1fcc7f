using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;
using KvCache.Gpu.Kernels;

namespace KvCache.Gpu;

/// <summary>Copies many pages within a device's memory by one kernel: to other pages, into one range, or out of it.</summary>
/// <remarks>
/// <para>A page of a layer is some tens of KiB; as many copies of their own each cost the time of a launch. Gathered into one range,
/// they leave the device as one copy of a size that the bus is fast at, and come back the same way.</para>
/// <para>Work is submitted to <see cref="GpuDevice.Stream"/>, in order with kernels; the lists have been read when a call returns.
/// Pages of a destination must differ, and must not be pages that the same call reads. Pages that begin at multiples of 16 bytes and are
/// as long are copied 16 bytes at a time, others byte by byte.</para>
/// <para>Threads: one call at a time. Nothing is allocated on the managed heap once the longest list has been seen.</para>
/// </remarks>
public sealed class GpuPageCopier : IDisposable
{
    private const int Unit = 16;
    private const int GroupsOfMultiprocessor = 16;

    private readonly GpuDevice _device;
    private readonly LoadedKernels _kernels;
    private readonly Workspace<int> _sources;
    private readonly Workspace<int> _destinations;
    private bool _disposed;

    /// <summary>Makes a copier.</summary>
    /// <param name="device">In whose memory pages lie.</param>
    /// <exception cref="ArgumentNullException"><paramref name="device"/> is null.</exception>
    public GpuPageCopier(GpuDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        _device = device;
        _kernels = LoadedKernels.Of(device.Accelerator);
        _sources = new Workspace<int>(device.Accelerator);
        _destinations = new Workspace<int>(device.Accelerator);
    }

    /// <summary>Copies pages to other pages, as copy-on-write does.</summary>
    /// <param name="source">Where pages are read.</param>
    /// <param name="sourcePages">Their numbers; 0 or more.</param>
    /// <param name="destination">Where pages are written.</param>
    /// <param name="destinationPages">Their numbers, one for each that is read.</param>
    /// <exception cref="ArgumentException">The lists or the pages differ in length, or the device does not know a page's memory.</exception>
    public void Copy(GpuPages source, ReadOnlySpan<int> sourcePages, GpuPages destination, ReadOnlySpan<int> destinationPages)
    {
        if (sourcePages.Length != destinationPages.Length)
        {
            throw new ArgumentException(
                $"destinationPages are {destinationPages.Length}; expected {sourcePages.Length}, as many as sourcePages.", nameof(destinationPages));
        }

        Submit<ListedPages>(source, sourcePages, destination, destinationPages, sourcePages.Length);
    }

    /// <summary>Copies pages into one range, one after the other.</summary>
    /// <param name="source">Where pages are read.</param>
    /// <param name="pages">Their numbers; 0 or more.</param>
    /// <param name="destination">The first byte of the range.</param>
    /// <exception cref="ArgumentException">The device does not know the memory.</exception>
    public void Gather(GpuPages source, ReadOnlySpan<int> pages, nint destination) =>
        Submit<GatheredPages>(source, pages, GpuPages.Packed(destination, source.PageBytes), [], pages.Length);

    /// <summary>Copies one range to pages, one after the other.</summary>
    /// <param name="source">The first byte of the range.</param>
    /// <param name="destination">Where pages are written.</param>
    /// <param name="pages">Their numbers; 0 or more.</param>
    /// <exception cref="ArgumentException">The device does not know the memory.</exception>
    public void Scatter(nint source, GpuPages destination, ReadOnlySpan<int> pages) =>
        Submit<ScatteredPages>(GpuPages.Packed(source, destination.PageBytes), [], destination, pages, pages.Length);

    /// <summary>Waits for what was submitted to the stream, and frees the lists. Dispose it before the device.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _device.Stream.Synchronize();
            _sources.Dispose();
            _destinations.Dispose();
        }
    }

    private void Submit<TPlaces>(
        GpuPages source, ReadOnlySpan<int> sourcePages, GpuPages destination, ReadOnlySpan<int> destinationPages, int count)
        where TPlaces : struct, ICopyPlaces
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Check(source, nameof(source));
        Check(destination, nameof(destination));
        if (source.PageBytes != destination.PageBytes)
        {
            throw new ArgumentException(
                $"Pages of the destination have {destination.PageBytes} bytes; expected {source.PageBytes}, as those of the source.", nameof(destination));
        }

        if (count == 0)
        {
            return;
        }

        CopyArguments arguments = new()
        {
            Source = Reach(source, sourcePages, count, nameof(source)),
            Destination = Reach(destination, destinationPages, count, nameof(destination)),
            SourcePages = Upload(_sources, sourcePages),
            DestinationPages = Upload(_destinations, destinationPages),
            SourceStride = source.Stride,
            DestinationStride = destination.Stride,
            PageBytes = source.PageBytes,
            Pages = count,
        };
        long places = source.Address | source.Stride | destination.Address | destination.Stride | source.PageBytes;
        _kernels.Launch(KernelCatalog.Copy<TPlaces>(places % Unit == 0), _device.Stream, Grid(count, source.PageBytes), arguments);
    }

    private static void Check(GpuPages pages, string name)
    {
        if (pages.PageBytes < 1 || pages.Stride < pages.PageBytes)
        {
            throw new ArgumentException(
                $"Pages have {pages.PageBytes} bytes at distances of {pages.Stride}; expected at least 1, and distances no shorter.", name);
        }
    }

    /// <summary>The memory from page 0 to the last page that is listed, or to the last of a packed range.</summary>
    private ArrayView<byte> Reach(GpuPages pages, ReadOnlySpan<int> numbers, int count, string name)
    {
        int last = numbers.IsEmpty ? count - 1 : 0;
        foreach (int number in numbers)
        {
            if (number < 0)
            {
                throw new ArgumentException($"A page of the {name} is {number}; expected 0 or more.", name);
            }

            last = Math.Max(last, number);
        }

        try
        {
            return _device.View(pages.Address, checked((last * pages.Stride) + pages.PageBytes));
        }
        catch (ArgumentOutOfRangeException exception)
        {
            throw new ArgumentException($"Pages 0 … {last} of the {name} do not lie in the device's memory: {exception.Message}", name, exception);
        }
    }

    private ArrayView<int> Upload(Workspace<int> workspace, ReadOnlySpan<int> numbers)
    {
        ArrayView<int> view = workspace.Take(_device.Stream, numbers.Length);
        if (!numbers.IsEmpty)
        {
            view.SubView(0, numbers.Length).CopyFromCPU(_device.Stream, ref MemoryMarshal.GetReference(numbers), numbers.Length);
        }

        return view;
    }

    private KernelConfig Grid(int count, long pageBytes)
    {
        Accelerator accelerator = _device.Accelerator;
        int threads = Math.Min(KernelVariant.PlainThreads, accelerator.MaxNumThreadsPerGroup);
        long groups = ((count * ((pageBytes + Unit - 1) / Unit)) + threads - 1) / threads;
        return new KernelConfig((int)Math.Min(groups, (long)GroupsOfMultiprocessor * accelerator.NumMultiprocessors), threads);
    }
}
