using ILGPU;
using ILGPU.Runtime;

namespace KvCache.Gpu.Kernels;

/// <summary>Elements of a device that last from one kernel of a call to the next; they grow, and are kept.</summary>
internal sealed class Workspace<T>(Accelerator accelerator) : IDisposable
    where T : unmanaged
{
    private MemoryBuffer1D<T, Stride1D.Dense>? _buffer;

    /// <summary>At least so many elements. What was there before is lost.</summary>
    /// <param name="stream">Where earlier work runs that may use them still.</param>
    /// <param name="elements">How many.</param>
    public ArrayView<T> Take(AcceleratorStream stream, long elements)
    {
        if (_buffer is null || _buffer.Length < elements)
        {
            stream.Synchronize();
            _buffer?.Dispose();
            _buffer = null;
            _buffer = accelerator.Allocate1D<T>(Math.Max(elements, 1024));
        }

        return _buffer.View.BaseView;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _buffer?.Dispose();
        _buffer = null;
    }
}
