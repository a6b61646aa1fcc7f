using System.Runtime.CompilerServices;
using KvCache.Attention.Simd;

namespace KvCache.Attention;

/// <summary>2ˣ and tanh on vectors.</summary>
internal static class Exponential
{
    public const float Log2E = 1.44269504f;

    /// <summary>2ˣ for x ≤ 127: relative error below 2⁻²³; 0 below 2⁻¹²⁶; NaN stays NaN.</summary>
    /// <remarks>x = n + f with |f| ≤ ½; the minimax polynomial gives 2ᶠ, an integer addition to the exponent 2ⁿ.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Exp2<TSimd, TVector>(TVector x)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        // Adding 1.5·2²³ rounds to a whole number and leaves it in the low bits.
        TVector shift = TSimd.Create(12582912f);
        TVector lowest = TSimd.Create(-126f);
        TVector clamped = TSimd.Max(lowest, x);
        TVector shifted = TSimd.Add(clamped, shift);
        TVector fraction = TSimd.Subtract(clamped, TSimd.Subtract(shifted, shift));
        TVector result = TSimd.MultiplyAdd(fraction, TSimd.Create(1.5353362e-4f), TSimd.Create(1.3398874e-3f));
        result = TSimd.MultiplyAdd(result, fraction, TSimd.Create(9.618437e-3f));
        result = TSimd.MultiplyAdd(result, fraction, TSimd.Create(5.5503324e-2f));
        result = TSimd.MultiplyAdd(result, fraction, TSimd.Create(2.4022648e-1f));
        result = TSimd.MultiplyAdd(result, fraction, TSimd.Create(6.931472e-1f));
        result = TSimd.MultiplyAdd(result, fraction, TSimd.Create(1f));
        result = TSimd.AddBits(result, TSimd.ShiftLeft(shifted, 23));
        return TSimd.Select(TSimd.Less(x, lowest), default, result);
    }

    /// <summary>tanh x: relative error below 2⁻²¹.</summary>
    /// <remarks>Near 0 the odd polynomial of Cephes, elsewhere 1 − 2 / (e²ˣ + 1).</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Tanh<TSimd, TVector>(TVector x)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct
    {
        TVector one = TSimd.Create(1f);
        TVector magnitude = TSimd.And(x, TSimd.CreateBits(0x7FFFFFFF));
        TVector square = TSimd.Multiply(x, x);
        TVector near = TSimd.MultiplyAdd(square, TSimd.Create(-5.70498872745e-3f), TSimd.Create(2.06390887954e-2f));
        near = TSimd.MultiplyAdd(near, square, TSimd.Create(-5.37397155531e-2f));
        near = TSimd.MultiplyAdd(near, square, TSimd.Create(1.33314422036e-1f));
        near = TSimd.MultiplyAdd(near, square, TSimd.Create(-3.33332819422e-1f));
        near = TSimd.MultiplyAdd(TSimd.Multiply(near, square), magnitude, magnitude);

        // Beyond 20, tanh is 1 to the last bit; the bound keeps the power finite. A NaN passes.
        TVector bounded = TSimd.Select(TSimd.Less(TSimd.Create(20f), magnitude), TSimd.Create(20f), magnitude);
        TVector power = Exp2<TSimd, TVector>(TSimd.Multiply(bounded, TSimd.Create(2 * Log2E)));
        TVector far = TSimd.Subtract(one, TSimd.Divide(TSimd.Create(2f), TSimd.Add(power, one)));
        TVector result = TSimd.Select(TSimd.Less(magnitude, TSimd.Create(0.625f)), near, far);
        return TSimd.Or(result, TSimd.And(x, TSimd.CreateBits(0x80000000)));
    }
}
