using System.Runtime.InteropServices;

namespace KvCache.Steps;

/// <summary>A growable array of int32 at a fixed, 64-byte aligned address between growths: kernels read it in place.</summary>
internal sealed unsafe class NativeInts : IDisposable
{
    private int* _values;

    ~NativeInts() => Free();

    public nint Address => (nint)_values;

    public int Length { get; private set; }

    public Span<int> Span => new(_values, Length);

    /// <summary>Makes room for at least so many entries; old ones are kept, new ones undefined.</summary>
    public void Ensure(int length)
    {
        if (length > Length)
        {
            int grown = (int)Math.Min(Array.MaxLength, Math.Max(16L, Math.Max(length, Length * 2L)));
            _values = (int*)NativeMemory.AlignedRealloc(_values, checked((nuint)grown * sizeof(int)), 64);
            Length = grown;
        }
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(_values);
        _values = null;
        Length = 0;
    }
}
