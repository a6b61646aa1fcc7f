using System.Runtime.CompilerServices;

namespace KvCache.Gpu.Kernels;

/// <summary>Eight floats in registers: what a thread holds of a head.</summary>
internal struct Floats8
{
    public const int Count = 8;

    public Floats4 Low;
    public Floats4 High;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Floats8(Floats4 low, Floats4 high) => (Low, High) = (low, high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Dot(Floats8 x, Floats8 y)
    {
        float even = x.Low.A * y.Low.A;
        float odd = x.Low.B * y.Low.B;
        even = (x.Low.C * y.Low.C) + even;
        odd = (x.Low.D * y.Low.D) + odd;
        even = (x.High.A * y.High.A) + even;
        odd = (x.High.B * y.High.B) + odd;
        even = (x.High.C * y.High.C) + even;
        odd = (x.High.D * y.High.D) + odd;
        return even + odd;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 Scale(Floats8 x, float factor) => new(Floats4.Scale(x.Low, factor), Floats4.Scale(x.High, factor));

    /// <summary>sum + factor · x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 MultiplyAdd(float factor, Floats8 x, Floats8 sum) =>
        new(Floats4.MultiplyAdd(factor, x.Low, sum.Low), Floats4.MultiplyAdd(factor, x.High, sum.High));
}
