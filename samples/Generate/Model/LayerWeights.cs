using Generate.Weights;

namespace Generate.Model;

/// <summary>The weights of one layer; a bias or a head norm is empty where the architecture has none.</summary>
internal sealed record LayerWeights
{
    public required float[] AttentionNorm { get; init; }

    public required Projection Query { get; init; }

    public required Projection Key { get; init; }

    public required Projection Value { get; init; }

    public float[] QueryNorm { get; init; } = [];

    public float[] KeyNorm { get; init; } = [];

    public required WeightMatrix AttentionOutput { get; init; }

    public required float[] FeedForwardNorm { get; init; }

    public required WeightMatrix Gate { get; init; }

    public required WeightMatrix Up { get; init; }

    public required WeightMatrix Down { get; init; }
}
