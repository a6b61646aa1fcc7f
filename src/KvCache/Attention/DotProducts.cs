using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KvCache.Attention.Elements;
using KvCache.Attention.Simd;

namespace KvCache.Attention;

/// <summary>Dot products of keys with four query heads, while asking for the memory that comes next.</summary>
internal static unsafe class DotProducts<TSimd, TVector, TElement>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TElement : struct, IElement
{
    /// <summary>Four query heads that share a key, for two tokens at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void OfTwoKeys(
        byte* key0, byte* key1, float* queries, nint stride, nint dims, float* scores0, float* scores1, byte* ahead)
    {
        TVector a0 = default, a1 = default, b0 = default, b1 = default;
        TVector c0 = default, c1 = default, d0 = default, d1 = default;
        float* query1 = queries + stride;
        float* query2 = query1 + stride;
        float* query3 = query2 + stride;
        for (nint i = 0; i < dims; i += TSimd.Width)
        {
            TVector x0 = Load(key0, i);
            TVector x1 = Load(key1, i);
            ReadAhead.Ask(ahead + (2 * i * TElement.Bytes), 2 * TSimd.Width * TElement.Bytes);
            TVector query = TSimd.Load(queries + i);
            a0 = TSimd.MultiplyAdd(x0, query, a0);
            a1 = TSimd.MultiplyAdd(x1, query, a1);
            query = TSimd.Load(query1 + i);
            b0 = TSimd.MultiplyAdd(x0, query, b0);
            b1 = TSimd.MultiplyAdd(x1, query, b1);
            query = TSimd.Load(query2 + i);
            c0 = TSimd.MultiplyAdd(x0, query, c0);
            c1 = TSimd.MultiplyAdd(x1, query, c1);
            query = TSimd.Load(query3 + i);
            d0 = TSimd.MultiplyAdd(x0, query, d0);
            d1 = TSimd.MultiplyAdd(x1, query, d1);
        }

        TSimd.Sums(a0, b0, c0, d0).Store(scores0);
        TSimd.Sums(a1, b1, c1, d1).Store(scores1);
    }

    /// <summary>Four query heads with a key each, some of which may be the same.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void OfFourKeys(
        byte* keys, nint* offsets, float* queries, nint stride, nint dims, float* scores, byte* ahead)
    {
        TVector sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        byte* key0 = keys + offsets[0];
        byte* key1 = keys + offsets[1];
        byte* key2 = keys + offsets[2];
        byte* key3 = keys + offsets[3];
        float* query1 = queries + stride;
        float* query2 = query1 + stride;
        float* query3 = query2 + stride;
        for (nint i = 0; i < dims; i += TSimd.Width)
        {
            ReadAhead.Ask(ahead + (4 * i * TElement.Bytes), 4 * TSimd.Width * TElement.Bytes);
            sum0 = TSimd.MultiplyAdd(Load(key0, i), TSimd.Load(queries + i), sum0);
            sum1 = TSimd.MultiplyAdd(Load(key1, i), TSimd.Load(query1 + i), sum1);
            sum2 = TSimd.MultiplyAdd(Load(key2, i), TSimd.Load(query2 + i), sum2);
            sum3 = TSimd.MultiplyAdd(Load(key3, i), TSimd.Load(query3 + i), sum3);
        }

        TSimd.Sums(sum0, sum1, sum2, sum3).Store(scores);
    }

    /// <summary>The dims first … end − 1 of one query head, one by one.</summary>
    public static float OfElements(byte* key, float* query, int first, int end)
    {
        float sum = 0;
        for (int i = first; i < end; i++)
        {
            sum += query[i] * TElement.Load(key + (i * TElement.Bytes));
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Load(byte* key, nint element) => TElement.Load<TSimd, TVector>(key + (element * TElement.Bytes));
}
