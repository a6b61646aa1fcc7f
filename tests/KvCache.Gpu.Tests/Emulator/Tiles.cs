namespace KvCache.Gpu.Tests.Emulator;

/// <summary>Instructions of a whole warp on matrices: the layouts are those of the PTX ISA, section "Matrix multiply-accumulate".</summary>
internal static class Tiles
{
    private const int Rows = 8;
    private const int RowBytes = 16;

    /// <summary><c>ldmatrix</c>: one, two or four matrices of 8 rows of 16 bytes, a lane giving the address of each row.</summary>
    public static Effect Load(Operands operands, Action<int> noteConflict)
    {
        int[] to = operands.Places(0);
        (int place, long offset) = operands.Address(1);
        bool transposed = operands.Statement.Has("trans");
        return (warp, _) =>
        {
            Span<long> addresses = stackalloc long[Rows];
            Span<ulong> words = stackalloc ulong[to.Length * Warp.Lanes];
            for (int matrix = 0; matrix < to.Length; matrix++)
            {
                for (int row = 0; row < Rows; row++)
                {
                    int lane = (matrix * Rows) + row;
                    addresses[row] = (uint)warp.Registers[place + lane] + offset;
                    ReadOnlySpan<byte> bytes = warp.Block.Shared.Read(warp, lane, addresses[row], RowBytes, operands.Statement);
                    Spread(bytes, row, transposed, words.Slice(matrix * Warp.Lanes, Warp.Lanes));
                }

                noteConflict(BankConflicts.Ways(addresses, 0xFF, RowBytes));
            }

            for (int i = 0; i < words.Length; i++)
            {
                warp.Registers[to[i / Warp.Lanes] + (i % Warp.Lanes)] = words[i];
            }
        };
    }

    /// <summary><c>movmatrix.trans</c>: a matrix of 8 × 8 numbers of 16 bits, columns for rows.</summary>
    public static Effect Transpose(Operands operands)
    {
        int to = operands.Place(0);
        int from = operands.Place(1);
        return (warp, _) =>
        {
            Span<ulong> words = stackalloc ulong[Warp.Lanes];
            Span<byte> row = stackalloc byte[RowBytes];
            for (int index = 0; index < Rows; index++)
            {
                for (int word = 0; word < 4; word++)
                {
                    Words.Write(row[(4 * word)..], 4, warp.Registers[from + (4 * index) + word]);
                }

                Spread(row, index, transposed: true, words);
            }

            words.CopyTo(warp.Registers.AsSpan(to, Warp.Lanes));
        };
    }

    /// <summary><c>mma.m16n8k16</c>: d = a b + c, a of 16 × 16 and b of 16 × 8 numbers of 16 bits, sums of 32.</summary>
    public static Effect MultiplyAdd(Operands operands)
    {
        PtxStatement statement = operands.Statement;
        bool brain = statement.Has("bf16");
        if (!statement.Has("m16n8k16") || !(brain || statement.Has("f16")) || statement.PartFromEnd(1) != "f32")
        {
            throw operands.Unknown();
        }

        (int[] d, int[] a, int[] b, int[] c) = (operands.Places(0), operands.Places(1), operands.Places(2), operands.Places(3));
        return (warp, _) =>
        {
            ulong[] registers = warp.Registers;
            Span<float> left = stackalloc float[16 * 16];
            Span<float> right = stackalloc float[16 * 8];
            Span<float> sums = stackalloc float[16 * 8];
            for (int lane = 0; lane < Warp.Lanes; lane++)
            {
                (int group, int pair) = (lane >> 2, (lane & 3) * 2);
                for (int half = 0; half < 2; half++)
                {
                    for (int i = 0; i < 4; i++)
                    {
                        left[((group + (i % 2 * 8)) * 16) + pair + half + (i / 2 * 8)] = Words.Small(registers[a[i] + lane] >> (16 * half), brain);
                    }

                    for (int i = 0; i < 2; i++)
                    {
                        right[((pair + half + (i * 8)) * 8) + group] = Words.Small(registers[b[i] + lane] >> (16 * half), brain);
                    }
                }
            }

            for (int lane = 0; lane < Warp.Lanes; lane++)
            {
                for (int i = 0; i < 4; i++)
                {
                    (int row, int column) = ((lane >> 2) + (i / 2 * 8), ((lane & 3) * 2) + (i % 2));
                    float sum = Words.Float(registers[c[i] + lane]);
                    for (int k = 0; k < 16; k++)
                    {
                        sum += left[(row * 16) + k] * right[(k * 8) + column];
                    }

                    sums[(i * Warp.Lanes) + lane] = sum;
                }
            }

            for (int i = 0; i < sums.Length; i++)
            {
                registers[d[i / Warp.Lanes] + (i % Warp.Lanes)] = Words.Bits(sums[i]);
            }
        };
    }

    /// <summary>Gives a row of a matrix to the lanes: lane l has row l / 4 and two columns from l % 4 × 2 on, or columns for rows.</summary>
    private static void Spread(ReadOnlySpan<byte> row, int index, bool transposed, Span<ulong> words)
    {
        for (int column = 0; column < Rows; column++)
        {
            ulong value = Words.Read(row[(2 * column)..], 2);
            (int lane, int half) = transposed ? ((column * 4) + (index / 2), index % 2) : ((index * 4) + (column / 2), column % 2);
            words[lane] = (words[lane] & ~(0xFFFFul << (16 * half))) | (value << (16 * half));
        }
    }
}
