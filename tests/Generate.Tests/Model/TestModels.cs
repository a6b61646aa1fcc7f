using Generate.Model;

namespace Generate.Tests.Model;

/// <summary>Shapes of small models, odd enough that a mistaken dimension shows.</summary>
internal static class TestModels
{
    public static ModelShape Llama { get; } = new()
    {
        Architecture = Architecture.Find("llama"),
        Layers = 2,
        Width = 24,
        FeedForwardWidth = 40,
        QueryHeads = 4,
        KvHeads = 2,
        KeyDim = 6,
        ValueDim = 6,
        VocabularySize = 37,
        NormEpsilon = 1e-5f,
        RotaryDim = 6,
    };

    public static ModelShape Qwen2 { get; } = Llama with { Architecture = Architecture.Find("qwen2"), RotaryBase = 1_000_000 };

    public static ModelShape Qwen3 { get; } = Llama with { Architecture = Architecture.Find("qwen3"), KeyDim = 10, ValueDim = 8, RotaryDim = 10, KvHeads = 1 };

    public static ModelShape PartlyRotated { get; } = Llama with { RotaryDim = 4, RotaryScale = 2, KvHeads = 4 };

    public static IReadOnlyDictionary<string, ModelShape> All { get; } = new Dictionary<string, ModelShape>
    {
        [nameof(Llama)] = Llama,
        [nameof(Qwen2)] = Qwen2,
        [nameof(Qwen3)] = Qwen3,
        [nameof(PartlyRotated)] = PartlyRotated,
    };

    public static int[] RandomTokens(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(Llama.VocabularySize))];
    }
}
