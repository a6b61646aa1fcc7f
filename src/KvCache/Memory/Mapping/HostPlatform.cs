namespace KvCache.Memory.Mapping;

/// <summary>Which system this is, and what it lacks.</summary>
internal static unsafe class HostPlatform
{
    private static readonly Lazy<string?> Probe = new(FindMissing);

    /// <summary>The bytes of which every chunk is a multiple.</summary>
    public static long GranularityBytes => OperatingSystem.IsWindows() ? 64L << 10 : Environment.SystemPageSize;

    public static MappingLimit Limit => OperatingSystem.IsLinux() ? MappingLimit.OfProcess : MappingLimit.None;

    /// <summary>What virtual memory needs and is not here, in words; null if nothing is missing.</summary>
    public static string? Missing => Probe.Value;

    /// <summary>Opens this system's memory, or throws and says what is missing.</summary>
    public static ChunkMapper Open(HostVirtualMemoryOptions options, int capacity, long chunkBytes) =>
        Missing is null ? Create(options, capacity, chunkBytes) : throw new PlatformNotSupportedException(Missing);

    private static ChunkMapper Create(HostVirtualMemoryOptions options, int capacity, long chunkBytes)
    {
        if (OperatingSystem.IsLinux())
        {
            return new LinuxChunkMapper(capacity, chunkBytes, options.HugePages == HugePagePolicy.WherePossible, options.PopulateOnMap);
        }

        return OperatingSystem.IsWindows()
            ? new WindowsChunkMapper(capacity, chunkBytes)
            : throw new PlatformNotSupportedException(
                "Host virtual memory needs memfd_create (Linux) or VirtualAlloc2 (Windows); this system has neither.");
    }

    /// <summary>Maps a chunk in two places and looks at it through both.</summary>
    private static string? FindMissing()
    {
        if (!Environment.Is64BitProcess)
        {
            return "Host virtual memory needs a 64-bit process.";
        }

        try
        {
            using ChunkMapper mapper = Create(new HostVirtualMemoryOptions(), 1, GranularityBytes);
            using AddressRange? range = mapper.TryReserve(2 * GranularityBytes);
            if (range is null)
            {
                return "Host virtual memory needs addresses to reserve; the system refused 2 pages.";
            }

            if (!mapper.TryCreate(0, 1))
            {
                return $"{mapper.Name}: the system refused memory for a first chunk.";
            }

            if (!mapper.TryMap(range, 0, 0, 1, writable: true) || !mapper.TryMap(range, 1, 0, 1, writable: false))
            {
                return $"{mapper.Name}: the system refused to map a chunk in two places.";
            }

            *(long*)range.Address = 1;
            return *(long*)(range.Address + (nint)GranularityBytes) == 1 ? null : $"{mapper.Name}: a chunk mapped in two places is not the same in both.";
        }
        catch (Exception exception) when (exception is PlatformNotSupportedException or IOException or DllNotFoundException or EntryPointNotFoundException)
        {
            return exception.Message;
        }
    }
}
