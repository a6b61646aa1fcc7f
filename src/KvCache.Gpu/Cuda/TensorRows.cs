using System.Runtime.CompilerServices;
using KvCache.Gpu.Kernels;

namespace KvCache.Gpu.Cuda;

/// <summary>Where a row's pages and blocks are.</summary>
internal static class TensorRows
{
    /// <summary>The page of a row's position, or of its last one where that is before it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int PageOf(TensorArguments arguments, int row, int position, int end) => Asm.Entry(
        arguments.PageTable, ((long)row * arguments.PageTableRowStride) + (Math.Min(position, end - 1) >> arguments.PageShift));

    /// <summary>A position's place in its page.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int OffsetOf(TensorArguments arguments, int position) => position & (int)((1u << arguments.PageShift) - 1);

    /// <summary>As <see cref="StepRows.OfBlock"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int OfBlock(TensorArguments arguments, int block, int blockTokens)
    {
        int row = 0;
        int end = arguments.Rows;
        while (end - row > 1)
        {
            int middle = (row + end) >> 1;
            bool after = StepRows.FirstBlock(Asm.Entry(arguments.QueryOffsets, middle), middle, blockTokens) <= block;
            row = after ? middle : row;
            end = after ? end : middle;
        }

        return row;
    }
}
