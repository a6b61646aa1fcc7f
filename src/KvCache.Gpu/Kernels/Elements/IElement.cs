using ILGPU;

namespace KvCache.Gpu.Kernels.Elements;

/// <summary>How an element of the cache becomes a float and a float an element, on a device.</summary>
internal interface IElement
{
    /// <summary>Gets the bytes of an element.</summary>
    static abstract int Bytes { get; }

    /// <summary>Loads the element at a byte.</summary>
    static abstract float Load(ArrayView<byte> memory, long offset);

    /// <summary>Loads eight elements from a byte that is a multiple of 16.</summary>
    /// <param name="memory">Where.</param>
    /// <param name="offset">The first byte; it is read whatever the mask.</param>
    /// <param name="mask">All ones, or zero for zeros instead of what is there.</param>
    static abstract Floats8 LoadEight(ArrayView<byte> memory, long offset, uint mask);

    /// <summary>Stores an element, rounded to nearest even; overflow gives infinity, NaN stays NaN.</summary>
    static abstract void Store(ArrayView<byte> memory, long offset, float value);

    /// <summary>Stores eight elements at a byte that is a multiple of 16.</summary>
    static abstract void StoreEight(ArrayView<byte> memory, long offset, Floats8 values);
}
