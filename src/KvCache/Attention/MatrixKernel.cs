using System.Runtime.CompilerServices;
using KvCache.Attention.Simd;

namespace KvCache.Attention;

/// <summary>A block of a matrix product: a few rows by two vectors of columns, all sums in registers.</summary>
/// <remarks>Source of the scheme: Goto and van de Geijn, Anatomy of high-performance matrix multiplication.</remarks>
internal static unsafe class MatrixKernel<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>Gets the rows of a block.</summary>
    public static int Rows => TSimd.ManyRegisters ? 8 : 4;

    /// <summary>Gets the columns of a block.</summary>
    public static int Columns => 2 * TSimd.Width;

    /// <summary>c[row][column] = c[row][column] × keep[row] + Σ over steps of a[row, step] × b[step][column].</summary>
    /// <param name="a">Row 0, step 0.</param>
    /// <param name="rowStride">Floats from a row of a to the next.</param>
    /// <param name="stepStride">Floats from a step of a to the next.</param>
    /// <param name="b">Step 0; steps follow one another.</param>
    /// <param name="steps">The inner dimension.</param>
    /// <param name="c">The block.</param>
    /// <param name="cStride">Floats from a row of c to the next.</param>
    /// <param name="keep">What is kept of each row of c; null for nothing, whatever stands there.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Multiply(
        float* a, nint rowStride, nint stepStride, float* b, int steps, float* c, nint cStride, float* keep)
    {
        if (TSimd.ManyRegisters)
        {
            MultiplyEight(a, rowStride, stepStride, b, steps, c, cStride, keep);
        }
        else
        {
            MultiplyFour(a, rowStride, stepStride, b, steps, c, cStride, keep);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyEight(
        float* a, nint rowStride, nint stepStride, float* b, int steps, float* c, nint cStride, float* keep)
    {
        TVector s00 = default, s01 = default, s10 = default, s11 = default, s20 = default, s21 = default, s30 = default, s31 = default;
        TVector s40 = default, s41 = default, s50 = default, s51 = default, s60 = default, s61 = default, s70 = default, s71 = default;
        float* a1 = a + rowStride;
        float* a2 = a1 + rowStride;
        float* a3 = a2 + rowStride;
        float* a4 = a3 + rowStride;
        float* a5 = a4 + rowStride;
        float* a6 = a5 + rowStride;
        float* a7 = a6 + rowStride;
        nint end = steps * stepStride;
        for (nint i = 0; i != end; i += stepStride)
        {
            TVector b0 = TSimd.Load(b);
            TVector b1 = TSimd.Load(b + TSimd.Width);
            b += 2 * TSimd.Width;
            TVector x = TSimd.Create(a[i]);
            s00 = TSimd.MultiplyAdd(x, b0, s00);
            s01 = TSimd.MultiplyAdd(x, b1, s01);
            x = TSimd.Create(a1[i]);
            s10 = TSimd.MultiplyAdd(x, b0, s10);
            s11 = TSimd.MultiplyAdd(x, b1, s11);
            x = TSimd.Create(a2[i]);
            s20 = TSimd.MultiplyAdd(x, b0, s20);
            s21 = TSimd.MultiplyAdd(x, b1, s21);
            x = TSimd.Create(a3[i]);
            s30 = TSimd.MultiplyAdd(x, b0, s30);
            s31 = TSimd.MultiplyAdd(x, b1, s31);
            x = TSimd.Create(a4[i]);
            s40 = TSimd.MultiplyAdd(x, b0, s40);
            s41 = TSimd.MultiplyAdd(x, b1, s41);
            x = TSimd.Create(a5[i]);
            s50 = TSimd.MultiplyAdd(x, b0, s50);
            s51 = TSimd.MultiplyAdd(x, b1, s51);
            x = TSimd.Create(a6[i]);
            s60 = TSimd.MultiplyAdd(x, b0, s60);
            s61 = TSimd.MultiplyAdd(x, b1, s61);
            x = TSimd.Create(a7[i]);
            s70 = TSimd.MultiplyAdd(x, b0, s70);
            s71 = TSimd.MultiplyAdd(x, b1, s71);
        }

        Store(s00, s01, c, keep);
        Store(s10, s11, c + cStride, keep == null ? null : keep + 1);
        Store(s20, s21, c + (2 * cStride), keep == null ? null : keep + 2);
        Store(s30, s31, c + (3 * cStride), keep == null ? null : keep + 3);
        Store(s40, s41, c + (4 * cStride), keep == null ? null : keep + 4);
        Store(s50, s51, c + (5 * cStride), keep == null ? null : keep + 5);
        Store(s60, s61, c + (6 * cStride), keep == null ? null : keep + 6);
        Store(s70, s71, c + (7 * cStride), keep == null ? null : keep + 7);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyFour(
        float* a, nint rowStride, nint stepStride, float* b, int steps, float* c, nint cStride, float* keep)
    {
        TVector s00 = default, s01 = default, s10 = default, s11 = default, s20 = default, s21 = default, s30 = default, s31 = default;
        float* a1 = a + rowStride;
        float* a2 = a1 + rowStride;
        float* a3 = a2 + rowStride;
        nint end = steps * stepStride;
        for (nint i = 0; i != end; i += stepStride)
        {
            TVector b0 = TSimd.Load(b);
            TVector b1 = TSimd.Load(b + TSimd.Width);
            b += 2 * TSimd.Width;
            TVector x = TSimd.Create(a[i]);
            s00 = TSimd.MultiplyAdd(x, b0, s00);
            s01 = TSimd.MultiplyAdd(x, b1, s01);
            x = TSimd.Create(a1[i]);
            s10 = TSimd.MultiplyAdd(x, b0, s10);
            s11 = TSimd.MultiplyAdd(x, b1, s11);
            x = TSimd.Create(a2[i]);
            s20 = TSimd.MultiplyAdd(x, b0, s20);
            s21 = TSimd.MultiplyAdd(x, b1, s21);
            x = TSimd.Create(a3[i]);
            s30 = TSimd.MultiplyAdd(x, b0, s30);
            s31 = TSimd.MultiplyAdd(x, b1, s31);
        }

        Store(s00, s01, c, keep);
        Store(s10, s11, c + cStride, keep == null ? null : keep + 1);
        Store(s20, s21, c + (2 * cStride), keep == null ? null : keep + 2);
        Store(s30, s31, c + (3 * cStride), keep == null ? null : keep + 3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(TVector sum0, TVector sum1, float* c, float* keep)
    {
        if (keep != null)
        {
            TVector factor = TSimd.Create(*keep);
            sum0 = TSimd.MultiplyAdd(TSimd.Load(c), factor, sum0);
            sum1 = TSimd.MultiplyAdd(TSimd.Load(c + TSimd.Width), factor, sum1);
        }

        TSimd.Store(sum0, c);
        TSimd.Store(sum1, c + TSimd.Width);
    }
}
