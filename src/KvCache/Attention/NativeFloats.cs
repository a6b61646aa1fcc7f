using System.Runtime.InteropServices;

namespace KvCache.Attention;

/// <summary>Aligned memory outside the managed heap that grows and never shrinks; its content does not survive growth.</summary>
internal sealed unsafe class NativeFloats : IDisposable
{
    private const nuint Alignment = 64;
    private float* _memory;
    private long _length;

    ~NativeFloats() => Free();

    /// <summary>The memory, of at least this many floats.</summary>
    /// <exception cref="OutOfMemoryException">There is not that much; what there was is kept.</exception>
    public float* Ensure(long floats)
    {
        if (floats > _length)
        {
            float* grown = (float*)NativeMemory.AlignedAlloc(checked((nuint)floats * sizeof(float)), Alignment);
            Free();
            _memory = grown;
            _length = floats;
        }

        return _memory;
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
        _length = 0;
    }
}
