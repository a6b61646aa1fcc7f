namespace KvCache.Gpu.Attention;

/// <summary>Which rows of a step a kernel serves.</summary>
public enum GpuAttentionPhase
{
    /// <summary>Rows with one new token.</summary>
    Decode,

    /// <summary>Rows with several new tokens, over what is cached and themselves.</summary>
    Prefill,
}
