using KvCache.Benchmarks.Baselines;
using KvCache.Benchmarks.Workloads;
using KvCache.Virtual;

namespace KvCache.Benchmarks.Contestants;

/// <summary>The same attention over float32 keys and values in different places, and only reading them there.</summary>
internal static class PlaceContestants
{
    public const string Contiguous = "contiguous, huge pages";
    public const string ContiguousSmall = "contiguous, small pages";
    public const string Virtual = "virtual, chunks of 2 MiB";
    public const string VirtualSmall = "virtual, chunks of 64 KiB";
    public const string VirtualInterleaved = "virtual, chunks of 2 MiB, interleaved";
    public const string Paged = "pages of 16, huge pages";
    public const string PagedSmall = "pages of 16, small pages";
    private const long LargeChunkBytes = 2L << 20;
    private const long SmallChunkBytes = 64L << 10;

    private static readonly (string Name, CachePlace Place)[] Places =
    [
        (Contiguous, new PagedPlace(PageOrder.Contiguous, BlockTokens: 0)),
        (ContiguousSmall, new PagedPlace(PageOrder.Contiguous, BlockTokens: 0, SmallPages: true)),
        (Virtual, new VirtualPlace(LargeChunkBytes)),
        (VirtualSmall, new VirtualPlace(SmallChunkBytes)),
        (Paged, new PagedPlace(PageOrder.Shuffled)),
        (PagedSmall, new PagedPlace(PageOrder.Shuffled, SmallPages: true)),
    ];

    /// <summary>Only reading: the roof.</summary>
    public static string ReadingOf(string place) => $"read {place}";

    public static IEnumerable<(string Name, Func<string, Contestant> Create)> Of(ContestantSet set)
    {
        foreach ((string name, CachePlace place) in Places)
        {
            yield return (name, own => set.Attention(own, KvElementType.Float32, place));
        }

        yield return (VirtualInterleaved, own => set.Attention(own, KvElementType.Float32, new VirtualPlace(LargeChunkBytes, TokenLayout.Interleaved)));
        foreach ((string name, CachePlace place) in Places)
        {
            yield return (ReadingOf(name), own => set.Reading(own, place, MemoryStreams.Four));
        }
    }
}
