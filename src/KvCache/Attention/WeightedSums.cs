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
            TokenStreams.Ask(ahead0 + (i * TElement.Bytes));
            TokenStreams.Ask(ahead1 + (i * TElement.Bytes));
            TVector x0 = Load(value0, i);
            TVector x1 = Load(value1, i);
            Add(x0, x1, a0, a1, sums + i);
            Add(x0, x1, b0, b1, sums1 + i);
            Add(x0, x1, c0, c1, sums2 + i);
            Add(x0, x1, d0, d1, sums3 + i);
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
            TokenStreams.Ask(ahead0 + (i * TElement.Bytes));
            TokenStreams.Ask(ahead1 + (i * TElement.Bytes));
            TokenStreams.Ask(ahead2 + (i * TElement.Bytes));
            TokenStreams.Ask(ahead3 + (i * TElement.Bytes));
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
}
