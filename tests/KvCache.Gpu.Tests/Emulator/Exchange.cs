namespace KvCache.Gpu.Tests.Emulator;

/// <summary>Exchange of registers between the lanes of a warp.</summary>
internal static class Exchange
{
    public static Effect Shuffle(Operands operands)
    {
        // The predicate of the form d|p is not needed by anything here.
        string mode = operands.Statement.Part(2);
        int to = operands.Place(0);
        int from = operands.Place(1);
        int by = operands.Place(2);
        int clamp = operands.Place(3);
        return (warp, lanes) =>
        {
            ulong[] registers = warp.Registers;
            Span<ulong> taken = stackalloc ulong[Warp.Lanes];
            for (int lane = 0; lane < Warp.Lanes; lane++)
            {
                int source = Source(mode, lane, (int)registers[by + lane], (int)registers[clamp + lane]);
                if ((lanes >> lane & 1) != 0 && (lanes >> source & 1) == 0)
                {
                    throw new PtxFault($"Lane {lane} takes from lane {source}, which has ended: {operands.Statement.Text}");
                }

                taken[lane] = registers[from + source] & 0xFFFF_FFFF;
            }

            for (int lane = 0; lane < Warp.Lanes; lane++)
            {
                if ((lanes >> lane & 1) != 0)
                {
                    registers[to + lane] = taken[lane];
                }
            }
        };
    }

    private static int Source(string mode, int lane, int by, int clamp)
    {
        int segment = (clamp >> 8) & 31;
        int bound = clamp & 31;
        int least = lane & segment;
        int most = least | (bound & ~segment);
        int source = mode switch
        {
            "bfly" => lane ^ by,
            "down" => lane + by,
            "up" => lane - by,
            _ => least | (by & ~segment & 31),
        };
        bool inside = mode == "up" ? source >= most : source <= most;
        return inside ? source : lane;
    }
}
