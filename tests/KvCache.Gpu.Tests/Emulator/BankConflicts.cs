namespace KvCache.Gpu.Tests.Emulator;

/// <summary>Counts how many different words one bank of shared memory must give to lanes that it serves at once.</summary>
/// <remarks>32 banks of four bytes; a request serves 128 bytes at most: 32 lanes of 4 bytes, 16 of 8, or 8 of 16.</remarks>
internal static class BankConflicts
{
    private const int Banks = 32;

    /// <summary>The worst of all requests that the lanes' accesses need.</summary>
    public static int Ways(ReadOnlySpan<long> addresses, uint lanes, int bytes)
    {
        int together = Math.Min(Warp.Lanes, Banks * 4 / Math.Max(bytes, 4));
        int worst = 0;
        for (int first = 0; first < addresses.Length; first += together)
        {
            worst = Math.Max(worst, WaysOf(addresses.Slice(first, Math.Min(together, addresses.Length - first)), lanes >> first, bytes));
        }

        return worst;
    }

    private static int WaysOf(ReadOnlySpan<long> addresses, uint lanes, int bytes)
    {
        Span<int> ways = stackalloc int[Banks];
        Span<long> seen = stackalloc long[addresses.Length * Math.Max(1, bytes / 4)];
        int count = 0;
        int worst = 0;
        for (int lane = 0; lane < addresses.Length; lane++)
        {
            for (long word = addresses[lane] / 4; (lanes >> lane & 1) != 0 && word <= (addresses[lane] + bytes - 1) / 4; word++)
            {
                if (!seen[..count].Contains(word))
                {
                    seen[count++] = word;
                    worst = Math.Max(worst, ++ways[(int)(word % Banks)]);
                }
            }
        }

        return worst;
    }
}
