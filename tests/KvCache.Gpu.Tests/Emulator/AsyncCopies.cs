namespace KvCache.Gpu.Tests.Emulator;

/// <summary>Copies from global to shared memory that go on by themselves, and what waits for them.</summary>
internal static class AsyncCopies
{
    public static Effect Compile(Operands operands, Action<int> noteConflict) => operands.Statement.Part(2) switch
    {
        "commit_group" => static (warp, lanes) => Accesses.ForEach(lanes, warp.Copies.Commit),
        "wait_all" => static (warp, lanes) => Accesses.ForEach(lanes, warp.Copies.WaitForAll),
        "wait_group" => WaitFor(operands.Number(0)),
        "ca" or "cg" => Copy(operands, noteConflict),
        _ => throw operands.Unknown(),
    };

    private static Effect WaitFor(int but) => (warp, lanes) => Accesses.ForEach(lanes, lane => warp.Copies.Wait(lane, but));

    private static Effect Copy(Operands operands, Action<int> noteConflict)
    {
        PtxStatement statement = operands.Statement;
        (int to, long toOffset) = operands.Address(0);
        (int from, long fromOffset) = operands.Address(1);
        int bytes = operands.Number(2);
        int given = operands.Count > 3 ? operands.Place(3) : -1;
        return (warp, lanes) =>
        {
            Span<long> addresses = stackalloc long[Warp.Lanes];
            for (int lane = 0; lane < Warp.Lanes; lane++)
            {
                addresses[lane] = (uint)warp.Registers[to + lane] + toOffset;
                if ((lanes >> lane & 1) != 0)
                {
                    // What is not taken from memory is zero.
                    int count = given < 0 ? bytes : (int)warp.Registers[given + lane];
                    byte[] contents = new byte[bytes];
                    if (count > 0)
                    {
                        warp.Block.Launch.Memory.Reach(warp.Registers[from + lane] + (ulong)fromOffset, bytes, statement)[..count].CopyTo(contents);
                    }

                    warp.Block.Shared.BeginCopy(warp, lane, addresses[lane], bytes, statement);
                    warp.Copies.Begin(lane, (int)addresses[lane], contents);
                }
            }

            noteConflict(BankConflicts.Ways(addresses, lanes, bytes));
        };
    }
}
