using System.Runtime.CompilerServices;
using KvCache.Attention.Elements;
using KvCache.Attention.Simd;

namespace KvCache.Attention;

/// <summary>Writes keys and values to their places, converted to the cache's element type.</summary>
internal static unsafe class AppendKernel<TSimd, TVector, TElement>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TElement : struct, IElement
{
    private const int Run = 64; // positions that are located at a time

    /// <summary>Writes the step's tokens first … end − 1 of a row.</summary>
    public static void Write(in AppendCall call, int row, int first, int end)
    {
        byte** keys = stackalloc byte*[Run];
        byte** values = stackalloc byte*[Run];
        AttentionCall cache = call.Cache;
        int before = cache.Lengths[row] - cache.NewTokens(row);
        for (int run = first; run < end; run += Run)
        {
            int count = Math.Min(Run, end - run);
            cache.Locate(row, before + run, count, keys, values);
            for (int i = 0; i < count; i++)
            {
                long token = cache.QueryOffsets[row] + run + i;
                float* key = (float*)call.Keys + (token * call.KeyStride);
                float* value = (float*)call.Values + (token * call.ValueStride);
                WriteHeads(key, keys[i], cache.KvHeads, cache.KeyDim, cache.KeyHeadStride);
                WriteHeads(value, values[i], cache.KvHeads, cache.ValueDim, cache.ValueHeadStride);
            }
        }
    }

    private static void WriteHeads(float* source, byte* destination, int heads, int dim, long headStride)
    {
        if (headStride == (long)dim * TElement.Bytes)
        {
            Convert(source, destination, heads * dim);
            return;
        }

        for (int head = 0; head < heads; head++)
        {
            Convert(source + ((nint)head * dim), destination + (head * headStride), dim);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Convert(float* source, byte* destination, int count)
    {
        int i = 0;
        for (; i + TSimd.Width <= count; i += TSimd.Width)
        {
            TElement.Store<TSimd, TVector>(TSimd.Load(source + i), destination + ((nint)i * TElement.Bytes));
        }

        for (; i < count; i++)
        {
            TElement.Store(source[i], destination + ((nint)i * TElement.Bytes));
        }
    }
}
