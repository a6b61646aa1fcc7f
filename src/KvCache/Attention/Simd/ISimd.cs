using System.Runtime.Intrinsics;

namespace KvCache.Attention.Simd;

/// <summary>The few operations on a vector of 32-bit lanes that the kernels are written in, once for every width.</summary>
/// <typeparam name="TVector">The vector itself, so that the compiler keeps it in a register.</typeparam>
/// <remarks>Lanes are floats; the operations that say "bits" see them as unsigned integers.</remarks>
internal unsafe interface ISimd<TVector>
    where TVector : struct
{
    /// <summary>Gets the lanes of a vector.</summary>
    static abstract int Width { get; }

    /// <summary>Gets whether 16 sums and their operands fit the registers; else 8 do.</summary>
    static abstract bool ManyRegisters { get; }

    static abstract TVector Create(float value);

    static abstract TVector CreateBits(uint value);

    static abstract TVector Load(float* source);

    static abstract void Store(TVector value, float* destination);

    /// <summary>Loads 16-bit words into the low halves of the lanes.</summary>
    static abstract TVector LoadWords(ushort* source);

    /// <summary>Stores the low halves of the lanes.</summary>
    static abstract void StoreWords(TVector value, ushort* destination);

    static abstract TVector Add(TVector left, TVector right);

    static abstract TVector Subtract(TVector left, TVector right);

    static abstract TVector Multiply(TVector left, TVector right);

    static abstract TVector Divide(TVector left, TVector right);

    /// <summary>left × right + addend, rounded once where the hardware can.</summary>
    static abstract TVector MultiplyAdd(TVector left, TVector right, TVector addend);

    /// <summary>The larger of two; where either is NaN, the right one.</summary>
    static abstract TVector Max(TVector left, TVector right);

    /// <summary>All bits where left &lt; right, none elsewhere and where either is NaN.</summary>
    static abstract TVector Less(TVector left, TVector right);

    /// <summary>All bits where NaN, none elsewhere.</summary>
    static abstract TVector IsNaN(TVector value);

    static abstract TVector Select(TVector mask, TVector then, TVector otherwise);

    static abstract TVector And(TVector left, TVector right);

    static abstract TVector Or(TVector left, TVector right);

    static abstract TVector AddBits(TVector left, TVector right);

    static abstract TVector ShiftLeft(TVector bits, int count);

    static abstract TVector ShiftRight(TVector bits, int count);

    /// <summary>The sums of four vectors, in order.</summary>
    static abstract Vector128<float> Sums(TVector first, TVector second, TVector third, TVector fourth);
}
