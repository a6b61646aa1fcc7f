namespace KvCache.Gpu.Tests.Emulator;

/// <summary><c>mov</c>: of one register, of several into one, of one into several.</summary>
internal static class Moves
{
    public static Effect Compile(Operands operands)
    {
        PtxType type = operands.Statement.Type;
        if (operands.IsList(0))
        {
            return Split(operands, type.Bits);
        }

        return operands.IsList(1) ? Join(operands, type.Bits) : Arithmetic.One(operands, x => x & type.Mask);
    }

    private static Effect Split(Operands operands, int bits)
    {
        int[] to = operands.Places(0);
        int from = operands.Place(1);
        int part = bits / to.Length;
        return (warp, lanes) => Accesses.ForEach(lanes, lane =>
        {
            ulong value = warp.Registers[from + lane];
            for (int i = 0; i < to.Length; i++)
            {
                warp.Registers[to[i] + lane] = (value >> (i * part)) & ((1ul << part) - 1);
            }
        });
    }

    private static Effect Join(Operands operands, int bits)
    {
        int to = operands.Place(0);
        int[] from = operands.Places(1);
        int part = bits / from.Length;
        return (warp, lanes) => Accesses.ForEach(lanes, lane =>
        {
            ulong value = 0;
            for (int i = 0; i < from.Length; i++)
            {
                value |= (warp.Registers[from[i] + lane] & ((1ul << part) - 1)) << (i * part);
            }

            warp.Registers[to + lane] = value;
        });
    }
}
