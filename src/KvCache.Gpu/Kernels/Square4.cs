using System.Runtime.CompilerServices;

namespace KvCache.Gpu.Kernels;

/// <summary>Four queries by four positions, or by four elements of a value, in a thread's registers.</summary>
internal struct Square4
{
    public Floats4 A;
    public Floats4 B;
    public Floats4 C;
    public Floats4 D;

    /// <summary>sums + column · row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Square4 MultiplyAdd(Floats4 column, Floats4 row, Square4 sums)
    {
        sums.A = Floats4.MultiplyAdd(column.A, row, sums.A);
        sums.B = Floats4.MultiplyAdd(column.B, row, sums.B);
        sums.C = Floats4.MultiplyAdd(column.C, row, sums.C);
        sums.D = Floats4.MultiplyAdd(column.D, row, sums.D);
        return sums;
    }

    /// <summary>The same, but nothing is added where a weight is negative, whatever the row holds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Square4 MultiplyAddSeen(Floats4 column, Floats4 row, Square4 sums)
    {
        sums.A = MultiplyAddSeen(column.A, row, sums.A);
        sums.B = MultiplyAddSeen(column.B, row, sums.B);
        sums.C = MultiplyAddSeen(column.C, row, sums.C);
        sums.D = MultiplyAddSeen(column.D, row, sums.D);
        return sums;
    }

    /// <summary>Each row times its element of a column.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Square4 Scale(Square4 x, Floats4 column)
    {
        x.A = Floats4.Scale(x.A, column.A);
        x.B = Floats4.Scale(x.B, column.B);
        x.C = Floats4.Scale(x.C, column.C);
        x.D = Floats4.Scale(x.D, column.D);
        return x;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Floats4 MultiplyAddSeen(float weight, Floats4 row, Floats4 sum)
    {
        Floats4 added = Floats4.MultiplyAdd(weight, row, sum);
        bool unseen = weight < 0;
        return new Floats4(
            unseen ? sum.A : added.A, unseen ? sum.B : added.B, unseen ? sum.C : added.C, unseen ? sum.D : added.D);
    }
}
