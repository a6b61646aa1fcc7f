using System.Globalization;

namespace KvCache.Benchmarks.Workloads;

/// <summary>Which part of a cache lies on huge pages, as Linux says.</summary>
internal static class HugePages
{
    private static readonly string[] Huge = ["AnonHugePages:", "ShmemPmdMapped:", "FilePmdMapped:"];

    /// <summary>The share of the resident bytes of all mappings in which the rows' first tokens lie; NaN where the system does not say.</summary>
    public static double ShareOf(IReadOnlyList<KvLayerView> views)
    {
        if (!OperatingSystem.IsLinux())
        {
            return double.NaN;
        }

        HashSet<nint> addresses = [.. views.SelectMany(StartsOf)];
        double resident = 0;
        double huge = 0;
        bool counts = false;
        foreach (string line in File.ReadLines("/proc/self/smaps"))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words[0].EndsWith(':'))
            {
                resident += counts && words[0] == "Rss:" ? double.Parse(words[1], CultureInfo.InvariantCulture) : 0;
                huge += counts && Huge.Contains(words[0]) ? double.Parse(words[1], CultureInfo.InvariantCulture) : 0;
                continue;
            }

            nint[] ends = [.. words[0].Split('-').Select(static end => nint.Parse(end, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
            counts = addresses.Any(address => ends[0] <= address && address < ends[1]);
        }

        return huge / resident;
    }

    private static IEnumerable<nint> StartsOf(KvLayerView view)
    {
        for (int row = 0; row < view.RowCount; row++)
        {
            int page = view.PageTableRow(row)[0];
            yield return view.KeyBase + (nint)(page * view.KeyPageStride);
            yield return view.ValueBase + (nint)(page * view.ValuePageStride);
        }
    }
}
