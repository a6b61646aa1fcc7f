namespace KvCache.Serving.CostModels;

/// <summary>Dimensions of published models, each from the <c>config.json</c> beside its weights.</summary>
public static class TransformerModels
{
    /// <summary>Gets Llama-2-7B (meta-llama/Llama-2-7b-hf).</summary>
    public static TransformerModel Llama2With7B { get; } = new("Llama-2-7B", 32, 4096, 32, 32, 128, 11_008, 32_000);

    /// <summary>Gets Llama-3.1-8B (meta-llama/Llama-3.1-8B).</summary>
    public static TransformerModel Llama31With8B { get; } = new("Llama-3.1-8B", 32, 4096, 32, 8, 128, 14_336, 128_256);

    /// <summary>Gets Llama-3.1-70B (meta-llama/Llama-3.1-70B).</summary>
    public static TransformerModel Llama31With70B { get; } = new("Llama-3.1-70B", 80, 8192, 64, 8, 128, 28_672, 128_256);

    /// <summary>Gets Yi-6B (01-ai/Yi-6B, and Yi-6B-200K).</summary>
    public static TransformerModel YiWith6B { get; } = new("Yi-6B", 32, 4096, 32, 4, 128, 11_008, 64_000);

    /// <summary>Gets Yi-9B (01-ai/Yi-9B).</summary>
    public static TransformerModel YiWith9B { get; } = new("Yi-9B", 48, 4096, 32, 4, 128, 11_008, 64_000);

    /// <summary>Gets Yi-34B (01-ai/Yi-34B, and Yi-34B-200K).</summary>
    public static TransformerModel YiWith34B { get; } = new("Yi-34B", 60, 7168, 56, 8, 128, 20_480, 64_000);

    /// <summary>Gets Qwen3-32B (Qwen/Qwen3-32B); its heads are wider than its hidden state.</summary>
    public static TransformerModel Qwen3With32B { get; } = new("Qwen3-32B", 64, 5120, 64, 8, 128, 25_600, 151_936);

    /// <summary>Gets all of them.</summary>
    public static IReadOnlyList<TransformerModel> All { get; } =
        [Llama2With7B, Llama31With8B, Llama31With70B, YiWith6B, YiWith9B, YiWith34B, Qwen3With32B];
}
