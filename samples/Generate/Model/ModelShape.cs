using KvCache;

namespace Generate.Model;

/// <summary>The sizes of a model, and the constants that it computes with.</summary>
internal sealed record ModelShape
{
    public required Architecture Architecture { get; init; }

    public required int Layers { get; init; }

    /// <summary>Gets the width of what flows from layer to layer.</summary>
    public required int Width { get; init; }

    public required int FeedForwardWidth { get; init; }

    public required int QueryHeads { get; init; }

    public required int KvHeads { get; init; }

    public required int KeyDim { get; init; }

    public required int ValueDim { get; init; }

    public required int VocabularySize { get; init; }

    public required float NormEpsilon { get; init; }

    /// <summary>Gets how many elements of a head rotate, the first ones.</summary>
    public required int RotaryDim { get; init; }

    public float RotaryBase { get; init; } = 10000;

    /// <summary>Gets what positions are divided by, so that longer texts look like those of the training.</summary>
    public float RotaryScale { get; init; } = 1;

    /// <summary>Gets how many positions the model was trained with; 0 where that is not known.</summary>
    public int TrainedPositions { get; init; }

    /// <summary>Gets how far back the model was trained to look; 0 for everything.</summary>
    public int TrainedWindow { get; init; }

    /// <summary>The shape of the model's cache.</summary>
    public KvGeometry Geometry(KvElementType elementType) =>
        new(new KvLayerGroup(Layers, KvHeads, KeyDim, ValueDim, elementType));

    public override string ToString() =>
        $"{Architecture.Name}, {Layers} layers of width {Width}, {QueryHeads} query and {KvHeads} KV heads of {KeyDim}, " +
        $"feed-forward width {FeedForwardWidth}, {VocabularySize} tokens";
}
