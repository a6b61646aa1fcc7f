using KvCache.Attention.Simd;

namespace KvCache.Attention.Elements;

/// <summary>How an element of the cache becomes a float and a float an element.</summary>
internal unsafe interface IElement
{
    /// <summary>Gets the bytes of an element.</summary>
    static abstract int Bytes { get; }

    /// <summary>Loads a vector of elements.</summary>
    static abstract TVector Load<TSimd, TVector>(byte* source)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct;

    /// <summary>Stores a vector of elements, rounded to nearest even; overflow gives infinity, NaN stays NaN.</summary>
    static abstract void Store<TSimd, TVector>(TVector value, byte* destination)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct;

    static abstract float Load(byte* source);

    static abstract void Store(float value, byte* destination);
}
