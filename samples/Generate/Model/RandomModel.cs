using Generate.Weights;

namespace Generate.Model;

/// <summary>A small model that was never trained: it computes like any other, and what it writes means nothing.</summary>
internal static class RandomModel
{
    private const ulong Seed = 1;

    /// <summary>Gets the shape: tokens are bytes, and a beginning and an end of text.</summary>
    public static ModelShape Shape { get; } = new()
    {
        Architecture = Architecture.Find("llama"),
        Layers = 4,
        Width = 128,
        FeedForwardWidth = 352,
        QueryHeads = 8,
        KvHeads = 4,
        KeyDim = 16,
        ValueDim = 16,
        VocabularySize = 258,
        NormEpsilon = 1e-5f,
        RotaryDim = 16,
    };

    public static ModelWeights CreateWeights(ModelShape shape)
    {
        RandomWeights random = new(Seed);
        return new ModelWeights
        {
            Embedding = random.Matrix(shape.VocabularySize, shape.Width),
            Layers = [.. Enumerable.Range(0, shape.Layers).Select(_ => CreateLayer(random, shape))],
            OutputNorm = Norm(random, shape.Width),
            Output = random.Matrix(shape.VocabularySize, shape.Width),
        };
    }

    private static LayerWeights CreateLayer(RandomWeights random, ModelShape shape)
    {
        bool headNorms = shape.Architecture.HasHeadNorms;
        return new LayerWeights
        {
            AttentionNorm = Norm(random, shape.Width),
            Query = CreateProjection(random, shape, shape.QueryHeads * shape.KeyDim),
            Key = CreateProjection(random, shape, shape.KvHeads * shape.KeyDim),
            Value = CreateProjection(random, shape, shape.KvHeads * shape.ValueDim),
            QueryNorm = headNorms ? Norm(random, shape.KeyDim) : [],
            KeyNorm = headNorms ? Norm(random, shape.KeyDim) : [],
            AttentionOutput = random.Matrix(shape.Width, shape.QueryHeads * shape.ValueDim),
            FeedForwardNorm = Norm(random, shape.Width),
            Gate = random.Matrix(shape.FeedForwardWidth, shape.Width),
            Up = random.Matrix(shape.FeedForwardWidth, shape.Width),
            Down = random.Matrix(shape.Width, shape.FeedForwardWidth),
        };
    }

    private static Projection CreateProjection(RandomWeights random, ModelShape shape, int rows) => new(
        random.Matrix(rows, shape.Width),
        shape.Architecture.HasProjectionBiases ? random.Vector(rows, center: 0, bound: 0.1f) : []);

    private static float[] Norm(RandomWeights random, int length) => random.Vector(length, center: 1, bound: 0.1f);
}
