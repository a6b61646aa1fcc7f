using System.Runtime.CompilerServices;
using ILGPU;

namespace KvCache.Gpu.Kernels;

/// <summary>Finds the row that a piece of work belongs to.</summary>
internal static class StepRows
{
    /// <summary>The row of one of the step's tokens.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int OfToken(ArrayView<int> queryOffsets, int rows, int token)
    {
        int row = 0;
        int end = rows;
        while (end - row > 1)
        {
            int middle = (row + end) >> 1;
            bool after = queryOffsets[middle] <= token;
            row = after ? middle : row;
            end = after ? end : middle;
        }

        return row;
    }

    /// <summary>The row of a block of at most so many tokens of one row.</summary>
    /// <remarks>Blocks of row r begin at ⌊offset of r / tokens⌋ + r, which leaves each row as many as it needs and counts them
    /// without a list: there are <see cref="Blocks"/> in all, some of them empty.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int OfBlock(ArrayView<int> queryOffsets, int rows, int block, int blockTokens)
    {
        int row = 0;
        int end = rows;
        while (end - row > 1)
        {
            int middle = (row + end) >> 1;
            bool after = FirstBlock(queryOffsets[middle], middle, blockTokens) <= block;
            row = after ? middle : row;
            end = after ? end : middle;
        }

        return row;
    }

    /// <summary>The first block of a row whose tokens begin at an offset.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int FirstBlock(int offset, int row, int blockTokens) => (offset / blockTokens) + row;

    /// <summary>Blocks of all rows, the empty ones included.</summary>
    public static int Blocks(int tokens, int rows, int blockTokens) => (tokens / blockTokens) + rows;
}
