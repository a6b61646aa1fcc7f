namespace KvCache.Gpu.Tests.Emulator;

/// <summary>Loads and stores.</summary>
internal static class Accesses
{
    private delegate Span<byte> Reach(Warp warp, int lane);

    public static Effect Compile(Operands operands, Action<int> noteConflict)
    {
        PtxStatement statement = operands.Statement;
        bool loads = statement.Name == "ld";
        (int place, long offset) = operands.Address(loads ? 1 : 0);
        int[] values = operands.Places(loads ? 0 : 1);
        int bytes = statement.Type.Bytes;
        if (statement.Has("param"))
        {
            return (warp, lanes) => ForEach(lanes, lane => Load(warp, lane, warp.Block.Launch.Parameters.AsSpan((int)offset), values, bytes));
        }

        long AddressOf(Warp warp, int lane) => (long)warp.Registers[place + lane] + offset;
        if (statement.Has("local"))
        {
            return Transfer(loads, values, bytes, (warp, lane) =>
                warp.Local.AsSpan((int)((warp.Local.Length / Warp.Lanes * lane) + AddressOf(warp, lane)), bytes * values.Length));
        }

        if (!statement.Has("shared"))
        {
            return Transfer(loads, values, bytes, (warp, lane) =>
                warp.Block.Launch.Memory.Reach((ulong)AddressOf(warp, lane), bytes * values.Length, statement));
        }

        return (warp, lanes) =>
        {
            Span<long> addresses = stackalloc long[Warp.Lanes];
            for (int lane = 0; lane < Warp.Lanes; lane++)
            {
                addresses[lane] = (uint)warp.Registers[place + lane] + offset;
                if ((lanes >> lane & 1) == 0)
                {
                    continue;
                }

                if (loads)
                {
                    Load(warp, lane, warp.Block.Shared.Read(warp, lane, addresses[lane], bytes * values.Length, statement), values, bytes);
                }
                else
                {
                    Store(warp, lane, warp.Block.Shared.Write(warp, lane, addresses[lane], bytes * values.Length, statement), values, bytes);
                }
            }

            noteConflict(BankConflicts.Ways(addresses, lanes, bytes * values.Length));
        };
    }

    public static void ForEach(uint lanes, Action<int> body)
    {
        for (int lane = 0; lane < Warp.Lanes; lane++)
        {
            if ((lanes >> lane & 1) != 0)
            {
                body(lane);
            }
        }
    }

    private static Effect Transfer(bool loads, int[] values, int bytes, Reach reach) => (warp, lanes) => ForEach(lanes, lane =>
    {
        if (loads)
        {
            Load(warp, lane, reach(warp, lane), values, bytes);
        }
        else
        {
            Store(warp, lane, reach(warp, lane), values, bytes);
        }
    });

    private static void Load(Warp warp, int lane, ReadOnlySpan<byte> from, int[] values, int bytes)
    {
        for (int i = 0; i < values.Length; i++)
        {
            warp.Registers[values[i] + lane] = Words.Read(from[(i * bytes)..], bytes);
        }
    }

    private static void Store(Warp warp, int lane, Span<byte> to, int[] values, int bytes)
    {
        for (int i = 0; i < values.Length; i++)
        {
            Words.Write(to[(i * bytes)..], bytes, warp.Registers[values[i] + lane]);
        }
    }
}
