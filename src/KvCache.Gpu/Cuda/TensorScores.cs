using System.Runtime.CompilerServices;
using KvCache.Gpu.Kernels;

namespace KvCache.Gpu.Cuda;

/// <summary>From products to scores, as exponents of 2.</summary>
internal static class TensorScores
{
    /// <summary>cap tanh(x); the cap is an exponent of 2.</summary>
    /// <remarks>tanh x = 1 − 2 / (e²ˣ + 1): absolutely as near as the sum that it came from, also near 0.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Cap(float product, float capLog2E) =>
        capLog2E * (1 - (2 * Asm.Reciprocal(Asm.Exp2(product * (2 * Softmax.Log2E)) + 1)));

    /// <summary>Caps a tile's scores.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Cap(ref Sums scores, float capLog2E)
    {
        scores.A.Value = Cap(scores.A.Value, capLog2E);
        scores.B.Value = Cap(scores.B.Value, capLog2E);
        scores.C.Value = Cap(scores.C.Value, capLog2E);
        scores.D.Value = Cap(scores.D.Value, capLog2E);
    }
}
