using System.Globalization;

namespace KvCache.Memory.Mapping;

/// <summary>How many mappings may be made, and how many are. One for all virtual memories of a process.</summary>
/// <remarks>
/// Linux allows a process <c>vm.max_map_count</c> mappings, 65,530 unless told otherwise. At the limit every <c>mmap</c> fails, those
/// that unmap included, and the runtime ends the process because it can map no code. So the limit here is half of
/// that, or less where others hold many. Any thread.
/// </remarks>
internal sealed class MappingLimit(int most)
{
    private const long UsualMapCount = 65_530;
    private const long KeptForOthers = 8192;
    private static readonly Lazy<MappingLimit> Process = new(static () => new MappingLimit(OfSystem()));
    private int _count;

    public static MappingLimit OfProcess => Process.Value;

    /// <summary>The limit of systems that have none.</summary>
    public static MappingLimit None => new(int.MaxValue);

    /// <summary>How many runs can surely be mapped: each may split what is around it, and so cost two.</summary>
    public int Runs => most == int.MaxValue ? most : Math.Max(0, most - Volatile.Read(ref _count)) / 2;

    public int Count => Volatile.Read(ref _count);

    /// <summary>Counts a change; answers false, and counts nothing, where more would be too many.</summary>
    public bool TryChange(int change)
    {
        if (Interlocked.Add(ref _count, change) <= most || change <= 0)
        {
            return true;
        }

        Interlocked.Add(ref _count, -change);
        return false;
    }

    /// <summary>Counts a change that cannot be refused.</summary>
    public void Change(int change) => Interlocked.Add(ref _count, change);

    private static int OfSystem()
    {
        long limit = UsualMapCount;
        long others = 0;
        try
        {
            limit = long.Parse(File.ReadAllText("/proc/sys/vm/max_map_count"), CultureInfo.InvariantCulture);
            others = File.ReadLines("/proc/self/maps").LongCount();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException or OverflowException)
        {
            // Hidden from this process: what Linux does unless told otherwise is assumed.
        }

        return (int)Math.Clamp(Math.Min(limit / 2, limit - others - KeptForOthers), 0, int.MaxValue - 1);
    }
}
