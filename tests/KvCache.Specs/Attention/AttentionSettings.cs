using KvCache.Specs.Model;

namespace KvCache.Specs.Attention;

/// <summary>How many cases are drawn and from which seed, by default and as the environment says.</summary>
public static class AttentionSettings
{
    /// <summary>The seed of every run; <c>KVCACHE_ATTENTION_SEED</c> changes it.</summary>
    public static ulong Seed { get; } = ModelSettings.Read("KVCACHE_ATTENTION_SEED", 20_260_601);

    /// <summary>Cases of a run; <c>KVCACHE_ATTENTION_CASES</c> changes it.</summary>
    public static int Cases { get; } = (int)ModelSettings.Read("KVCACHE_ATTENTION_CASES", 250);
}
