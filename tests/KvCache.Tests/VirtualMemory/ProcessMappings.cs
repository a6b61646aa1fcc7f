using System.Globalization;

namespace KvCache.Tests.VirtualMemory;

/// <summary>What Linux says of this process: its mappings, descriptors and resident bytes.</summary>
internal static class ProcessMappings
{
    /// <summary>Lets go of what earlier tests left to the finalizers, before something is counted.</summary>
    public static void Settle()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    public static int Descriptors => Directory.GetFileSystemEntries("/proc/self/fd").Length;

    public static int Count => File.ReadLines("/proc/self/maps").Count();

    /// <summary>Resident bytes of chunks, once for each place that shows them.</summary>
    public static long ResidentChunks => SumOfChunks("Rss:");

    /// <summary>Resident bytes of chunks, each divided by who else maps it.</summary>
    public static long ProportionalChunks => SumOfChunks("Pss:");

    /// <summary>The mappings within some addresses: where each begins and ends, and its access as "rw-s".</summary>
    public static List<(nint Start, nint End, string Access)> Within(nint address, long bytes)
    {
        List<(nint Start, nint End, string Access)> found = [];
        foreach (string line in File.ReadLines("/proc/self/maps"))
        {
            int dash = line.IndexOf('-');
            int space = line.IndexOf(' ');
            nint start = nint.Parse(line.AsSpan(0, dash), NumberStyles.HexNumber);
            nint end = nint.Parse(line.AsSpan(dash + 1, space - dash - 1), NumberStyles.HexNumber);
            if (start < address + (nint)bytes && end > address)
            {
                found.Add((start, end, line.Substring(space + 1, 4)));
            }
        }

        return found;
    }

    /// <summary>Sums over mappings of chunks alone: the runtime has memory files too, for its code, and other tests have memory; both come and go.</summary>
    private static long SumOfChunks(string key)
    {
        long bytes = 0;
        bool chunks = false;
        foreach (string line in File.ReadLines("/proc/self/smaps"))
        {
            if (char.IsAsciiHexDigitLower(line[0]))
            {
                chunks = line.Contains("/memfd:kvcache", StringComparison.Ordinal);
            }
            else if (chunks && line.StartsWith(key, StringComparison.Ordinal))
            {
                bytes += BytesIn(line);
            }
        }

        return bytes;
    }

    private static long BytesIn(string line) =>
        long.Parse(line.AsSpan(line.IndexOf(':') + 1).Trim().TrimEnd("kB ").ToString(), CultureInfo.InvariantCulture) * 1024;
}
