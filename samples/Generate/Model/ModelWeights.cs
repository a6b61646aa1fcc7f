using Generate.Weights;

namespace Generate.Model;

/// <summary>All weights of a model.</summary>
internal sealed record ModelWeights
{
    /// <summary>Gets a row for each token.</summary>
    public required WeightMatrix Embedding { get; init; }

    public required IReadOnlyList<LayerWeights> Layers { get; init; }

    public required float[] OutputNorm { get; init; }

    /// <summary>Gets what gives the logits; the embedding itself in some models.</summary>
    public required WeightMatrix Output { get; init; }

    /// <summary>Gets what each rotation's frequency is divided by; empty for 1.</summary>
    public float[] RotaryFactors { get; init; } = [];
}
