using KvCache.Blocks;

namespace Replay.Manager;

/// <summary>The eviction policies by the names under which the command line knows them.</summary>
internal static class EvictionPolicies
{
    public const string Default = "lru";

    public static IReadOnlyList<string> Names { get; } = [Default];

    public static Func<EvictionPolicy> Find(string name) => name switch
    {
        Default => static () => new LeastRecentlyUsed(),
        _ => throw new ReplayException($"Expected a policy out of {string.Join(", ", Names)}, found '{name}'."),
    };
}
