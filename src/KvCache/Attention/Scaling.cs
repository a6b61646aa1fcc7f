using System.Runtime.CompilerServices;
using KvCache.Attention.Simd;

namespace KvCache.Attention;

/// <summary>Runs of floats times a factor.</summary>
internal static unsafe class Scaling<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>destination = source × factor; they may be the same.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scale(float* source, float factor, float* destination, int count)
    {
        TVector factors = TSimd.Create(factor);
        nint i = 0;
        for (; i + TSimd.Width <= count; i += TSimd.Width)
        {
            TSimd.Store(TSimd.Multiply(TSimd.Load(source + i), factors), destination + i);
        }

        for (; i < count; i++)
        {
            destination[i] = source[i] * factor;
        }
    }

    /// <summary>destination += source × factor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(float* source, float factor, float* destination, int count)
    {
        TVector factors = TSimd.Create(factor);
        nint i = 0;
        for (; i + TSimd.Width <= count; i += TSimd.Width)
        {
            TSimd.Store(TSimd.MultiplyAdd(TSimd.Load(source + i), factors, TSimd.Load(destination + i)), destination + i);
        }

        for (; i < count; i++)
        {
            destination[i] += source[i] * factor;
        }
    }
}
