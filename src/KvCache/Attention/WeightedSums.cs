using System.Runtime.CompilerServices;
using KvCache.Attention.Elements;
using KvCache.Attention.Simd;

namespace KvCache.Attention;

/// <summary>Adds weighted values of a head to the sums of some queries; each value is loaded once.</summary>
/// <remarks>sums[query][i] += Σ over tokens of weights[query × weightStride + token] × value[i], for one vector i or four.</remarks>
internal static unsafe class WeightedSums<TSimd, TVector, TElement>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TElement : struct, IElement
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OfFourQueries(
        byte** values, nint offset, int tokens, float* weights, nint weightStride, float* sums, nint sumStride)
    {
        int width = TSimd.Width;
        float* w1 = weights + weightStride;
        float* w2 = w1 + weightStride;
        float* w3 = w2 + weightStride;
        float* s1 = sums + sumStride;
        float* s2 = s1 + sumStride;
        float* s3 = s2 + sumStride;
        TVector a0 = TSimd.Load(sums), a1 = TSimd.Load(sums + width), a2 = TSimd.Load(sums + (2 * width)), a3 = TSimd.Load(sums + (3 * width));
        TVector b0 = TSimd.Load(s1), b1 = TSimd.Load(s1 + width), b2 = TSimd.Load(s1 + (2 * width)), b3 = TSimd.Load(s1 + (3 * width));
        TVector c0 = TSimd.Load(s2), c1 = TSimd.Load(s2 + width), c2 = TSimd.Load(s2 + (2 * width)), c3 = TSimd.Load(s2 + (3 * width));
        TVector d0 = TSimd.Load(s3), d1 = TSimd.Load(s3 + width), d2 = TSimd.Load(s3 + (2 * width)), d3 = TSimd.Load(s3 + (3 * width));
        for (nint token = 0; token < tokens; token++)
        {
            byte* value = values[token] + offset;
            TVector x0 = Load(value, 0);
            TVector x1 = Load(value, 1);
            TVector x2 = Load(value, 2);
            TVector x3 = Load(value, 3);
            TVector weight = TSimd.Create(weights[token]);
            a0 = TSimd.MultiplyAdd(x0, weight, a0);
            a1 = TSimd.MultiplyAdd(x1, weight, a1);
            a2 = TSimd.MultiplyAdd(x2, weight, a2);
            a3 = TSimd.MultiplyAdd(x3, weight, a3);
            weight = TSimd.Create(w1[token]);
            b0 = TSimd.MultiplyAdd(x0, weight, b0);
            b1 = TSimd.MultiplyAdd(x1, weight, b1);
            b2 = TSimd.MultiplyAdd(x2, weight, b2);
            b3 = TSimd.MultiplyAdd(x3, weight, b3);
            weight = TSimd.Create(w2[token]);
            c0 = TSimd.MultiplyAdd(x0, weight, c0);
            c1 = TSimd.MultiplyAdd(x1, weight, c1);
            c2 = TSimd.MultiplyAdd(x2, weight, c2);
            c3 = TSimd.MultiplyAdd(x3, weight, c3);
            weight = TSimd.Create(w3[token]);
            d0 = TSimd.MultiplyAdd(x0, weight, d0);
            d1 = TSimd.MultiplyAdd(x1, weight, d1);
            d2 = TSimd.MultiplyAdd(x2, weight, d2);
            d3 = TSimd.MultiplyAdd(x3, weight, d3);
        }

        Store(a0, a1, a2, a3, sums);
        Store(b0, b1, b2, b3, s1);
        Store(c0, c1, c2, c3, s2);
        Store(d0, d1, d2, d3, s3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OfTwoQueries(
        byte** values, nint offset, int tokens, float* weights, nint weightStride, float* sums, nint sumStride)
    {
        int width = TSimd.Width;
        float* w1 = weights + weightStride;
        float* s1 = sums + sumStride;
        TVector a0 = TSimd.Load(sums), a1 = TSimd.Load(sums + width), a2 = TSimd.Load(sums + (2 * width)), a3 = TSimd.Load(sums + (3 * width));
        TVector b0 = TSimd.Load(s1), b1 = TSimd.Load(s1 + width), b2 = TSimd.Load(s1 + (2 * width)), b3 = TSimd.Load(s1 + (3 * width));
        for (nint token = 0; token < tokens; token++)
        {
            byte* value = values[token] + offset;
            TVector x0 = Load(value, 0);
            TVector x1 = Load(value, 1);
            TVector x2 = Load(value, 2);
            TVector x3 = Load(value, 3);
            TVector weight = TSimd.Create(weights[token]);
            a0 = TSimd.MultiplyAdd(x0, weight, a0);
            a1 = TSimd.MultiplyAdd(x1, weight, a1);
            a2 = TSimd.MultiplyAdd(x2, weight, a2);
            a3 = TSimd.MultiplyAdd(x3, weight, a3);
            weight = TSimd.Create(w1[token]);
            b0 = TSimd.MultiplyAdd(x0, weight, b0);
            b1 = TSimd.MultiplyAdd(x1, weight, b1);
            b2 = TSimd.MultiplyAdd(x2, weight, b2);
            b3 = TSimd.MultiplyAdd(x3, weight, b3);
        }

        Store(a0, a1, a2, a3, sums);
        Store(b0, b1, b2, b3, s1);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OfOneQuery(byte** values, nint offset, int tokens, float* weights, float* sums)
    {
        int width = TSimd.Width;
        TVector a0 = TSimd.Load(sums), a1 = TSimd.Load(sums + width), a2 = TSimd.Load(sums + (2 * width)), a3 = TSimd.Load(sums + (3 * width));
        for (nint token = 0; token < tokens; token++)
        {
            byte* value = values[token] + offset;
            TVector weight = TSimd.Create(weights[token]);
            a0 = TSimd.MultiplyAdd(Load(value, 0), weight, a0);
            a1 = TSimd.MultiplyAdd(Load(value, 1), weight, a1);
            a2 = TSimd.MultiplyAdd(Load(value, 2), weight, a2);
            a3 = TSimd.MultiplyAdd(Load(value, 3), weight, a3);
        }

        Store(a0, a1, a2, a3, sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OfOneVector(byte** values, nint offset, int tokens, float* weights, float* sums)
    {
        TVector sum = TSimd.Load(sums);
        for (nint token = 0; token < tokens; token++)
        {
            sum = TSimd.MultiplyAdd(Load(values[token] + offset, 0), TSimd.Create(weights[token]), sum);
        }

        TSimd.Store(sum, sums);
    }

    public static void OfOneElement(byte** values, nint offset, int tokens, float* weights, float* sum)
    {
        for (nint token = 0; token < tokens; token++)
        {
            *sum += TElement.Load(values[token] + offset) * weights[token];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Load(byte* value, int vector) =>
        TElement.Load<TSimd, TVector>(value + (vector * TSimd.Width * TElement.Bytes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(TVector v0, TVector v1, TVector v2, TVector v3, float* destination)
    {
        int width = TSimd.Width;
        TSimd.Store(v0, destination);
        TSimd.Store(v1, destination + width);
        TSimd.Store(v2, destination + (2 * width));
        TSimd.Store(v3, destination + (3 * width));
    }
}
