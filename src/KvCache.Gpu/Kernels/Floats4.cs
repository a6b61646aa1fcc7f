using System.Runtime.CompilerServices;

namespace KvCache.Gpu.Kernels;

/// <summary>Four floats in registers: kernels have no arrays there.</summary>
internal struct Floats4
{
    public float A;
    public float B;
    public float C;
    public float D;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Floats4(float a, float b, float c, float d) => (A, B, C, D) = (a, b, c, d);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats4 Scale(Floats4 x, float factor) => new(x.A * factor, x.B * factor, x.C * factor, x.D * factor);

    /// <summary>sum + factor · x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats4 MultiplyAdd(float factor, Floats4 x, Floats4 sum) =>
        new((factor * x.A) + sum.A, (factor * x.B) + sum.B, (factor * x.C) + sum.C, (factor * x.D) + sum.D);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Floats4 x) => Math.Max(Math.Max(x.A, x.B), Math.Max(x.C, x.D));
}
