using Generate.Gguf;

namespace Generate.Model;

/// <summary>Finds a model's weights in its file, under the names that GGUF gives them.</summary>
internal static class WeightsReader
{
    private const string EmbeddingName = "token_embd.weight";
    private const string OutputName = "output.weight";
    private const string FactorsName = "rope_freqs.weight";

    public static ModelWeights Read(GgufFile file, ModelShape shape)
    {
        TensorReader tensors = new(file);
        ModelWeights weights = new()
        {
            Embedding = tensors.Matrix(EmbeddingName, shape.VocabularySize, shape.Width),
            Layers = [.. Enumerable.Range(0, shape.Layers).Select(layer => ReadLayer(tensors, shape, $"blk.{layer}."))],
            OutputNorm = tensors.Vector("output_norm.weight", shape.Width),
            Output = tensors.Matrix(tensors.Has(OutputName) ? OutputName : EmbeddingName, shape.VocabularySize, shape.Width),
            RotaryFactors = tensors.Has(FactorsName) ? tensors.Vector(FactorsName, shape.RotaryDim / 2) : [],
        };
        tensors.EnsureAllRead();
        return weights;
    }

    private static LayerWeights ReadLayer(TensorReader tensors, ModelShape shape, string prefix)
    {
        int keys = shape.KvHeads * shape.KeyDim;
        int values = shape.KvHeads * shape.ValueDim;
        bool headNorms = shape.Architecture.HasHeadNorms;
        return new LayerWeights
        {
            AttentionNorm = tensors.Vector(prefix + "attn_norm.weight", shape.Width),
            Query = ReadProjection(tensors, shape, prefix + "attn_q", shape.QueryHeads * shape.KeyDim),
            Key = ReadProjection(tensors, shape, prefix + "attn_k", keys),
            Value = ReadProjection(tensors, shape, prefix + "attn_v", values),
            QueryNorm = headNorms ? tensors.Vector(prefix + "attn_q_norm.weight", shape.KeyDim) : [],
            KeyNorm = headNorms ? tensors.Vector(prefix + "attn_k_norm.weight", shape.KeyDim) : [],
            AttentionOutput = tensors.Matrix(prefix + "attn_output.weight", shape.Width, shape.QueryHeads * shape.ValueDim),
            FeedForwardNorm = tensors.Vector(prefix + "ffn_norm.weight", shape.Width),
            Gate = tensors.Matrix(prefix + "ffn_gate.weight", shape.FeedForwardWidth, shape.Width),
            Up = tensors.Matrix(prefix + "ffn_up.weight", shape.FeedForwardWidth, shape.Width),
            Down = tensors.Matrix(prefix + "ffn_down.weight", shape.Width, shape.FeedForwardWidth),
        };
    }

    /// <summary>Some models have biases though their architecture need not.</summary>
    private static Projection ReadProjection(TensorReader tensors, ModelShape shape, string name, int rows)
    {
        bool hasBias = shape.Architecture.HasProjectionBiases || tensors.Has(name + ".bias");
        return new Projection(
            tensors.Matrix(name + ".weight", rows, shape.Width), hasBias ? tensors.Vector(name + ".bias", rows) : []);
    }
}
