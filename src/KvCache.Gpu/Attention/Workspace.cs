using ILGPU;
using ILGPU.Runtime;

namespace KvCache.Gpu.Attention;

/// <summary>Floats of a device that last from one kernel of a call to the next; they grow, and are kept.</summary>
internal sealed class Workspace(Accelerator accelerator) : IDisposable
{
    private MemoryBuffer1D<float, Stride1D.Dense>? _buffer;

    /// <summary>At least so many floats. What was there before is lost.</summary>
    /// <param name="stream">Where earlier work runs that may use them still.</param>
    /// <param name="floats">How many.</param>
    public ArrayView<float> Take(AcceleratorStream stream, long floats)
    {
        if (_buffer is null || _buffer.Length < floats)
        {
            stream.Synchronize();
            _buffer?.Dispose();
            _buffer = null;
            _buffer = accelerator.Allocate1D<float>(Math.Max(floats, 1024));
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
