using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KvCache.Attention.Elements;
using KvCache.Attention.Simd;

namespace KvCache.Attention;

/// <summary>Dot products of four keys with some queries, over whole vectors; each key is loaded once.</summary>
/// <remarks>Results: scores[query × scoreStride + key].</remarks>
internal static unsafe class DotProducts<TSimd, TVector, TElement>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TElement : struct, IElement
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OfFourQueries(
        byte* k0, byte* k1, byte* k2, byte* k3, float* queries, nint queryStride, int dims, float* scores, nint scoreStride)
    {
        TVector a0 = default, a1 = default, a2 = default, a3 = default;
        TVector b0 = default, b1 = default, b2 = default, b3 = default;
        TVector c0 = default, c1 = default, c2 = default, c3 = default;
        TVector d0 = default, d1 = default, d2 = default, d3 = default;
        float* q1 = queries + queryStride;
        float* q2 = q1 + queryStride;
        float* q3 = q2 + queryStride;
        for (nint i = 0; i < dims; i += TSimd.Width)
        {
            TVector x0 = Load(k0, i);
            TVector x1 = Load(k1, i);
            TVector x2 = Load(k2, i);
            TVector x3 = Load(k3, i);
            TVector query = TSimd.Load(queries + i);
            a0 = TSimd.MultiplyAdd(x0, query, a0);
            a1 = TSimd.MultiplyAdd(x1, query, a1);
            a2 = TSimd.MultiplyAdd(x2, query, a2);
            a3 = TSimd.MultiplyAdd(x3, query, a3);
            query = TSimd.Load(q1 + i);
            b0 = TSimd.MultiplyAdd(x0, query, b0);
            b1 = TSimd.MultiplyAdd(x1, query, b1);
            b2 = TSimd.MultiplyAdd(x2, query, b2);
            b3 = TSimd.MultiplyAdd(x3, query, b3);
            query = TSimd.Load(q2 + i);
            c0 = TSimd.MultiplyAdd(x0, query, c0);
            c1 = TSimd.MultiplyAdd(x1, query, c1);
            c2 = TSimd.MultiplyAdd(x2, query, c2);
            c3 = TSimd.MultiplyAdd(x3, query, c3);
            query = TSimd.Load(q3 + i);
            d0 = TSimd.MultiplyAdd(x0, query, d0);
            d1 = TSimd.MultiplyAdd(x1, query, d1);
            d2 = TSimd.MultiplyAdd(x2, query, d2);
            d3 = TSimd.MultiplyAdd(x3, query, d3);
        }

        TSimd.Sums(a0, a1, a2, a3).Store(scores);
        TSimd.Sums(b0, b1, b2, b3).Store(scores + scoreStride);
        TSimd.Sums(c0, c1, c2, c3).Store(scores + (2 * scoreStride));
        TSimd.Sums(d0, d1, d2, d3).Store(scores + (3 * scoreStride));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OfTwoQueries(
        byte* k0, byte* k1, byte* k2, byte* k3, float* queries, nint queryStride, int dims, float* scores, nint scoreStride)
    {
        TVector a0 = default, a1 = default, a2 = default, a3 = default;
        TVector b0 = default, b1 = default, b2 = default, b3 = default;
        float* q1 = queries + queryStride;
        for (nint i = 0; i < dims; i += TSimd.Width)
        {
            TVector x0 = Load(k0, i);
            TVector x1 = Load(k1, i);
            TVector x2 = Load(k2, i);
            TVector x3 = Load(k3, i);
            TVector query = TSimd.Load(queries + i);
            a0 = TSimd.MultiplyAdd(x0, query, a0);
            a1 = TSimd.MultiplyAdd(x1, query, a1);
            a2 = TSimd.MultiplyAdd(x2, query, a2);
            a3 = TSimd.MultiplyAdd(x3, query, a3);
            query = TSimd.Load(q1 + i);
            b0 = TSimd.MultiplyAdd(x0, query, b0);
            b1 = TSimd.MultiplyAdd(x1, query, b1);
            b2 = TSimd.MultiplyAdd(x2, query, b2);
            b3 = TSimd.MultiplyAdd(x3, query, b3);
        }

        TSimd.Sums(a0, a1, a2, a3).Store(scores);
        TSimd.Sums(b0, b1, b2, b3).Store(scores + scoreStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OfOneQuery(byte* k0, byte* k1, byte* k2, byte* k3, float* queries, int dims, float* scores)
    {
        TVector a0 = default, a1 = default, a2 = default, a3 = default;
        for (nint i = 0; i < dims; i += TSimd.Width)
        {
            TVector query = TSimd.Load(queries + i);
            a0 = TSimd.MultiplyAdd(Load(k0, i), query, a0);
            a1 = TSimd.MultiplyAdd(Load(k1, i), query, a1);
            a2 = TSimd.MultiplyAdd(Load(k2, i), query, a2);
            a3 = TSimd.MultiplyAdd(Load(k3, i), query, a3);
        }

        TSimd.Sums(a0, a1, a2, a3).Store(scores);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Load(byte* key, nint element) => TElement.Load<TSimd, TVector>(key + (element * TElement.Bytes));
}
