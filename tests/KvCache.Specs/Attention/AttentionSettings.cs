using System.Text;
using KvCache.Specs.Model;

namespace KvCache.Specs.Attention;

/// <summary>How many cases are drawn and from which seed, by default and as the environment says.</summary>
public static class AttentionSettings
{
    private const string SeedVariable = "KVCACHE_ATTENTION_SEED";
    private const ulong Few = 100;
    private const ulong Many = 1_000;

    /// <summary>The seed of every run; <c>KVCACHE_ATTENTION_SEED</c> changes it.</summary>
    public static ulong Seed { get; } = ModelSettings.Read(SeedVariable, 20_260_601);

    /// <summary>Cases of a run; <c>KVCACHE_ATTENTION_CASES</c> changes it, <c>KVCACHE_SLOW_TESTS=1</c> makes it ten times as many.</summary>
    public static int Cases { get; } = (int)ModelSettings.Read(
        "KVCACHE_ATTENTION_CASES", Environment.GetEnvironmentVariable("KVCACHE_SLOW_TESTS") == "1" ? Many : Few);

    /// <summary>A seed of the suite's own, so that suites that differ in threads or vectors draw different cases; the environment's is everybody's.</summary>
    public static ulong SeedOf(Type suite) =>
        ModelSettings.Read(SeedVariable, Encoding.UTF8.GetBytes(suite.Name).Aggregate(Seed, static (seed, letter) => (seed * 31) + letter));
}
