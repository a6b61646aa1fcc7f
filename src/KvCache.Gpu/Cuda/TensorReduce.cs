using System.Runtime.CompilerServices;
using ILGPU;
using KvCache.Gpu.Kernels;

namespace KvCache.Gpu.Cuda;

/// <summary>Brings together what lanes and warps have of a row or column of <see cref="Sums"/>.</summary>
internal static class TensorReduce
{
    /// <summary>The largest of the eight lanes that share a column.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LargestOfColumn(float value)
    {
        value = Math.Max(value, Warp.ShuffleXor(value, 4));
        value = Math.Max(value, Warp.ShuffleXor(value, 8));
        return Math.Max(value, Warp.ShuffleXor(value, 16));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float SumOfColumn(float value)
    {
        value += Warp.ShuffleXor(value, 4);
        value += Warp.ShuffleXor(value, 8);
        return value + Warp.ShuffleXor(value, 16);
    }

    /// <summary>The largest of the four lanes that share a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LargestOfRow(float value)
    {
        value = Math.Max(value, Warp.ShuffleXor(value, 1));
        return Math.Max(value, Warp.ShuffleXor(value, 2));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float SumOfRow(float value)
    {
        value += Warp.ShuffleXor(value, 1);
        return value + Warp.ShuffleXor(value, 2);
    }

    /// <summary>The largest score of a head, of what the warps have stored: [warp][head][largest score, total weight].</summary>
    public static float Largest(uint scales, int warps, int heads)
    {
        float largest = Softmax.Lowest;
        for (int warp = 0; warp < warps; warp++)
        {
            largest = Math.Max(largest, Asm.LoadShared(scales + (uint)(warp * heads * 2 * sizeof(float))));
        }

        return largest;
    }

    /// <summary>The total weight of a head, against the largest score of all warps.</summary>
    public static float Total(uint scales, float largest, int warps, int heads)
    {
        float total = 0;
        for (int warp = 0; warp < warps; warp++)
        {
            uint own = scales + (uint)(warp * heads * 2 * sizeof(float));
            total += Asm.LoadShared(own + sizeof(float)) * Asm.Exp2(Asm.LoadShared(own) - largest);
        }

        return total;
    }

    /// <summary>The sum of what the warps have stored, so many bytes apart.</summary>
    public static float Sum(uint first, int warps, uint apart)
    {
        float sum = 0;
        for (int warp = 0; warp < warps; warp++)
        {
            sum += Asm.LoadShared(first + ((uint)warp * apart));
        }

        return sum;
    }
}
