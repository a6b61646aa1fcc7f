using System.Runtime.CompilerServices;
using ILGPU.Algorithms;

namespace KvCache.Gpu.Kernels;

/// <summary>The pieces of an online softmax over exponents of 2.</summary>
internal static class Softmax
{
    public const float Log2E = 1.44269504f;

    /// <summary>Where the largest score begins: finite, so that the difference of two is never infinity less infinity.</summary>
    public const float Lowest = -3.4028235e38f;

    /// <summary>2ˣ.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Exp2(float x) => XMath.Exp2(x);

    /// <summary>A score, as an exponent of 2, from the dot product of a scaled query and a key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Score(float product, float capLog2E) => capLog2E > 0 ? capLog2E * Tanh(product) : product;

    /// <summary>Four scores.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats4 Scores(Floats4 products, float capLog2E)
    {
        if (capLog2E > 0)
        {
            products.A = capLog2E * Tanh(products.A);
            products.B = capLog2E * Tanh(products.B);
            products.C = capLog2E * Tanh(products.C);
            products.D = capLog2E * Tanh(products.D);
        }

        return products;
    }

    /// <summary>Near 0 the odd polynomial of Cephes, elsewhere 1 − 2 / (e²ˣ + 1); a NaN passes.</summary>
    private static float Tanh(float x)
    {
        float magnitude = Math.Abs(x);
        float square = x * x;
        float near = (square * -5.70498872745e-3f) + 2.06390887954e-2f;
        near = (near * square) - 5.37397155531e-2f;
        near = (near * square) + 1.33314422036e-1f;
        near = (near * square) - 3.33332819422e-1f;
        near = (near * square * magnitude) + magnitude;

        // Beyond 20, tanh is 1 to the last bit; the bound keeps the power finite.
        float bounded = magnitude > 20 ? 20 : magnitude;
        float far = 1 - (2 / (Exp2(bounded * 2 * Log2E) + 1));
        float result = magnitude < 0.625f ? near : far;
        return x < 0 ? -result : result;
    }
}
