using System.Runtime.CompilerServices;
using ILGPU.Runtime.Cuda;

namespace KvCache.Gpu.Cuda;

/// <summary>A lane's share of 16 × 8 sums: of row l / 4 the columns l % 4 × 2 (A) and the next (B); of the row 8 below the same (C, D).</summary>
internal struct Sums
{
    public Ref<float> A;
    public Ref<float> B;
    public Ref<float> C;
    public Ref<float> D;

    /// <summary>Makes all sums zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Clear(ref Sums sums)
    {
        sums.A = 0f;
        sums.B = 0f;
        sums.C = 0f;
        sums.D = 0f;
    }

    /// <summary>Multiplies columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ScaleColumns(ref Sums sums, float even, float odd)
    {
        sums.A.Value *= even;
        sums.B.Value *= odd;
        sums.C.Value *= even;
        sums.D.Value *= odd;
    }

    /// <summary>Multiplies rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ScaleRows(ref Sums sums, float upper, float lower)
    {
        sums.A.Value *= upper;
        sums.B.Value *= upper;
        sums.C.Value *= lower;
        sums.D.Value *= lower;
    }
}
