using System.Runtime.CompilerServices;
using KvCache.Attention.Elements;
using KvCache.Attention.Simd;

namespace KvCache.Attention;

/// <summary>Adds two tokens' weighted values to the sums of the query heads that share them.</summary>
internal static unsafe class WeightedSums<TSimd, TVector, TElement>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TElement : struct, IElement
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddToFour(
        byte* value0, byte* value1, float* weights0, float* weights1, float* sums, nint stride, nint dims)
    {
        TVector a0 = TSimd.Create(weights0[0]), a1 = TSimd.Create(weights1[0]);
        TVector b0 = TSimd.Create(weights0[1]), b1 = TSimd.Create(weights1[1]);
        TVector c0 = TSimd.Create(weights0[2]), c1 = TSimd.Create(weights1[2]);
        TVector d0 = TSimd.Create(weights0[3]), d1 = TSimd.Create(weights1[3]);
        float* sums1 = sums + stride;
        float* sums2 = sums1 + stride;
        float* sums3 = sums2 + stride;
        for (nint i = 0; i < dims; i += TSimd.Width)
        {
            TVector x0 = Load(value0, i);
            TVector x1 = Load(value1, i);
            Add(x0, x1, a0, a1, sums + i);
            Add(x0, x1, b0, b1, sums1 + i);
            Add(x0, x1, c0, c1, sums2 + i);
            Add(x0, x1, d0, d1, sums3 + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddToOne(byte* value0, byte* value1, float weight0, float weight1, float* sums, nint dims)
    {
        TVector w0 = TSimd.Create(weight0);
        TVector w1 = TSimd.Create(weight1);
        for (nint i = 0; i < dims; i += TSimd.Width)
        {
            Add(Load(value0, i), Load(value1, i), w0, w1, sums + i);
        }
    }

    /// <summary>The dims first … end − 1 of one query head, one by one.</summary>
    public static void AddElements(
        byte* value0, byte* value1, float weight0, float weight1, float* sums, int first, int end)
    {
        for (int i = first; i < end; i++)
        {
            sums[i] += (weight0 * TElement.Load(value0 + (i * TElement.Bytes))) + (weight1 * TElement.Load(value1 + (i * TElement.Bytes)));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Load(byte* value, nint element) => TElement.Load<TSimd, TVector>(value + (element * TElement.Bytes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(TVector x0, TVector x1, TVector weight0, TVector weight1, float* sum) =>
        TSimd.Store(TSimd.MultiplyAdd(x1, weight1, TSimd.MultiplyAdd(x0, weight0, TSimd.Load(sum))), sum);
}
