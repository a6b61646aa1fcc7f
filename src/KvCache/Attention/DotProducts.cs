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
    /// <summary>Four query heads that share a key, for two tokens, whose scores are so many floats apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void OfTwoKeys(
        byte* key0, byte* key1, float* queries, nint stride, nint dims, float* scores, nint apart, byte* ahead0, byte* ahead1)
    {
        TVector a0 = default, a1 = default, b0 = default, b1 = default;
        TVector c0 = default, c1 = default, d0 = default, d1 = default;
        float* query1 = queries + stride;
        float* query2 = query1 + stride;
        float* query3 = query2 + stride;
        for (nint i = 0; i < dims; i += TSimd.Width)
        {
            nint offset = i * TElement.Bytes;
            if (TokenStreams.BeginsLine(offset, TSimd.Width * TElement.Bytes))
            {
                TokenStreams.Ask(ahead0 + offset);
                TokenStreams.Ask(ahead1 + offset);
            }

            TVector x0 = Load(key0, i);
            TVector x1 = Load(key1, i);
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

        TSimd.Sums(a0, b0, c0, d0).Store(scores);
        TSimd.Sums(a1, b1, c1, d1).Store(scores + apart);
    }

    /// <summary>One query head, for four tokens, whose scores are so many floats apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void OfFourKeys(
        byte* key0,
        byte* key1,
        byte* key2,
        byte* key3,
        float* query,
        nint dims,
        float* scores,
        nint apart,
        byte* ahead0,
        byte* ahead1,
        byte* ahead2,
        byte* ahead3)
    {
        TVector sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        for (nint i = 0; i < dims; i += TSimd.Width)
        {
            nint offset = i * TElement.Bytes;
            if (TokenStreams.BeginsLine(offset, TSimd.Width * TElement.Bytes))
            {
                TokenStreams.Ask(ahead0 + offset);
                TokenStreams.Ask(ahead1 + offset);
                TokenStreams.Ask(ahead2 + offset);
                TokenStreams.Ask(ahead3 + offset);
            }

            TVector q = TSimd.Load(query + i);
            sum0 = TSimd.MultiplyAdd(Load(key0, i), q, sum0);
            sum1 = TSimd.MultiplyAdd(Load(key1, i), q, sum1);
            sum2 = TSimd.MultiplyAdd(Load(key2, i), q, sum2);
            sum3 = TSimd.MultiplyAdd(Load(key3, i), q, sum3);
        }

        Vector128<float> sums = TSimd.Sums(sum0, sum1, sum2, sum3);
        scores[0] = sums[0];
        scores[apart] = sums[1];
        scores[2 * apart] = sums[2];
        scores[3 * apart] = sums[3];
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
