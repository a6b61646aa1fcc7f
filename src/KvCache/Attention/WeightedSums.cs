using System.Runtime.CompilerServices;
using KvCache.Attention.Elements;
using KvCache.Attention.Simd;

namespace KvCache.Attention;

/// <summary>Adds weighted values to the sums of the query heads that share them, and asks for the memory that comes next.</summary>
internal static unsafe class WeightedSums<TSimd, TVector, TElement>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TElement : struct, IElement
{
    /// <summary>Two tokens' values to four query heads that share them; the tokens' weights are so many floats apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddTwoToFour(
        byte* value0, byte* value1, float* weights, nint apart, float* sums, nint stride, nint dims, byte* ahead0, byte* ahead1)
    {
        float* weights1 = weights + apart;
        TVector a0 = TSimd.Create(weights[0]), a1 = TSimd.Create(weights1[0]);
        TVector b0 = TSimd.Create(weights[1]), b1 = TSimd.Create(weights1[1]);
        TVector c0 = TSimd.Create(weights[2]), c1 = TSimd.Create(weights1[2]);
        TVector d0 = TSimd.Create(weights[3]), d1 = TSimd.Create(weights1[3]);
        float* sums1 = sums + stride;
        float* sums2 = sums1 + stride;
        float* sums3 = sums2 + stride;
        for (nint i = 0; i < dims; i += TSimd.Width)
        {
            nint offset = i * TElement.Bytes;
            if (TokenStreams.BeginsLine(offset, TSimd.Width * TElement.Bytes))
            {
                TokenStreams.Ask(ahead0 + offset);
                TokenStreams.Ask(ahead1 + offset);
            }

            TVector x0 = Load(value0, i);
            TVector x1 = Load(value1, i);
            Add(x0, x1, a0, a1, sums + i);
            Add(x0, x1, b0, b1, sums1 + i);
            Add(x0, x1, c0, c1, sums2 + i);
            Add(x0, x1, d0, d1, sums3 + i);
        }
    }

    /// <summary>Four tokens' values to four query heads that share them: two of each stream, in the order of two calls for two, and to the same bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddFourToFour(
        byte** rows,
        nint offset,
        float* weights,
        nint apart,
        nint onward,
        float* sums,
        nint stride,
        nint dims,
        byte* ahead0,
        byte* ahead1,
        byte* ahead2,
        byte* ahead3)
    {
        byte* value0 = rows[0] + offset;
        byte* value1 = rows[1] + offset;
        byte* value2 = rows[2] + offset;
        byte* value3 = rows[3] + offset;
        float* weights1 = weights + apart;
        float* weights2 = weights + onward;
        float* weights3 = weights1 + onward;
        TVector a0 = TSimd.Create(weights[0]), a1 = TSimd.Create(weights1[0]), a2 = TSimd.Create(weights2[0]), a3 = TSimd.Create(weights3[0]);
        TVector b0 = TSimd.Create(weights[1]), b1 = TSimd.Create(weights1[1]), b2 = TSimd.Create(weights2[1]), b3 = TSimd.Create(weights3[1]);
        TVector c0 = TSimd.Create(weights[2]), c1 = TSimd.Create(weights1[2]), c2 = TSimd.Create(weights2[2]), c3 = TSimd.Create(weights3[2]);
        TVector d0 = TSimd.Create(weights[3]), d1 = TSimd.Create(weights1[3]), d2 = TSimd.Create(weights2[3]), d3 = TSimd.Create(weights3[3]);
        float* sums1 = sums + stride;
        float* sums2 = sums1 + stride;
        float* sums3 = sums2 + stride;
        for (nint i = 0; i < dims; i += TSimd.Width)
        {
            nint place = i * TElement.Bytes;
            if (TokenStreams.BeginsLine(place, TSimd.Width * TElement.Bytes))
            {
                TokenStreams.Ask(ahead0 + place);
                TokenStreams.Ask(ahead1 + place);
                TokenStreams.Ask(ahead2 + place);
                TokenStreams.Ask(ahead3 + place);
            }

            TVector x0 = Load(value0, i);
            TVector x1 = Load(value1, i);
            TVector x2 = Load(value2, i);
            TVector x3 = Load(value3, i);
            Add(x0, x1, x2, x3, a0, a1, a2, a3, sums + i);
            Add(x0, x1, x2, x3, b0, b1, b2, b3, sums1 + i);
            Add(x0, x1, x2, x3, c0, c1, c2, c3, sums2 + i);
            Add(x0, x1, x2, x3, d0, d1, d2, d3, sums3 + i);
        }
    }

    /// <summary>Four tokens' values to one query head; the tokens' weights are so many floats apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddFourToOne(
        byte* value0,
        byte* value1,
        byte* value2,
        byte* value3,
        float* weights,
        nint apart,
        float* sums,
        nint dims,
        byte* ahead0,
        byte* ahead1,
        byte* ahead2,
        byte* ahead3)
    {
        TVector weight0 = TSimd.Create(weights[0]), weight1 = TSimd.Create(weights[apart]);
        TVector weight2 = TSimd.Create(weights[2 * apart]), weight3 = TSimd.Create(weights[3 * apart]);
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

            TVector sum = TSimd.MultiplyAdd(Load(value0, i), weight0, TSimd.Load(sums + i));
            sum = TSimd.MultiplyAdd(Load(value1, i), weight1, sum);
            sum = TSimd.MultiplyAdd(Load(value2, i), weight2, sum);
            TSimd.Store(TSimd.MultiplyAdd(Load(value3, i), weight3, sum), sums + i);
        }
    }

    /// <summary>The dims first … end − 1 of a token's value to one query head, one by one.</summary>
    public static void AddElements(byte* value, float weight, float* sums, int first, int end)
    {
        for (int i = first; i < end; i++)
        {
            sums[i] += weight * TElement.Load(value + (i * TElement.Bytes));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Load(byte* value, nint element) => TElement.Load<TSimd, TVector>(value + (element * TElement.Bytes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(TVector x0, TVector x1, TVector weight0, TVector weight1, float* sum) =>
        TSimd.Store(TSimd.MultiplyAdd(x1, weight1, TSimd.MultiplyAdd(x0, weight0, TSimd.Load(sum))), sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(
        TVector x0, TVector x1, TVector x2, TVector x3, TVector weight0, TVector weight1, TVector weight2, TVector weight3, float* sum)
    {
        TVector two = TSimd.MultiplyAdd(x1, weight1, TSimd.MultiplyAdd(x0, weight0, TSimd.Load(sum)));
        TSimd.Store(TSimd.MultiplyAdd(x3, weight3, TSimd.MultiplyAdd(x2, weight2, two)), sum);
    }
}
