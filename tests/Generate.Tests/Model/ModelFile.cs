using Generate.Gguf;
using Generate.Model;
using Generate.Tests.Gguf;
using Generate.Weights;

namespace Generate.Tests.Model;

/// <summary>Writes a model with random weights as a file, tensor by tensor, so that a test can leave one out or change it.</summary>
internal sealed class ModelFile(ModelShape shape)
{
    private readonly Dictionary<string, (long[] Dimensions, float[] Values)> _tensors = CreateTensors(shape, RandomModel.CreateWeights(shape));
    private readonly Dictionary<string, object> _metadata = CreateMetadata(shape);

    /// <summary>Adds a tensor, or puts another in its place.</summary>
    public ModelFile With(string name, long[] dimensions, params float[] values)
    {
        _tensors[name] = (dimensions, values);
        return this;
    }

    public ModelFile Without(string name)
    {
        if (!_tensors.Remove(name) && !_metadata.Remove(name))
        {
            throw new ArgumentException($"There is no '{name}' to leave out.", nameof(name));
        }

        return this;
    }

    /// <summary>Adds a fact about the model, or changes it; one that begins with a dot is the architecture's own.</summary>
    public ModelFile With(string key, object value)
    {
        _metadata[key.StartsWith('.') ? shape.Architecture.Name + key : key] = value;
        return this;
    }

    public GgufFile Open()
    {
        GgufBuilder builder = new();
        foreach ((string key, object value) in _metadata)
        {
            _ = value switch
            {
                int number => builder.With(key, GgufValueType.Int32, number),
                float number => builder.With(key, GgufValueType.Float32, number),
                string text => builder.With(key, GgufValueType.String, text),
                int[] numbers => builder.WithArray(key, GgufValueType.Int32, numbers),
                float[] numbers => builder.WithArray(key, GgufValueType.Float32, numbers),
                string[] texts => builder.WithArray(key, GgufValueType.String, texts),
                _ => throw new ArgumentException($"'{key}' is a {value.GetType()}."),
            };
        }

        foreach ((string name, (long[] dimensions, float[] values)) in _tensors)
        {
            builder.WithTensor(name, dimensions, values);
        }

        return builder.Build().Open();
    }

    private static Dictionary<string, object> CreateMetadata(ModelShape shape)
    {
        string name = shape.Architecture.Name;
        int tokens = shape.VocabularySize;
        return new Dictionary<string, object>
        {
            ["general.architecture"] = name,
            [$"{name}.block_count"] = shape.Layers,
            [$"{name}.embedding_length"] = shape.Width,
            [$"{name}.feed_forward_length"] = shape.FeedForwardWidth,
            [$"{name}.attention.head_count"] = shape.QueryHeads,
            [$"{name}.attention.head_count_kv"] = shape.KvHeads,
            [$"{name}.attention.key_length"] = shape.KeyDim,
            [$"{name}.attention.value_length"] = shape.ValueDim,
            [$"{name}.attention.layer_norm_rms_epsilon"] = shape.NormEpsilon,
            [$"{name}.rope.dimension_count"] = shape.RotaryDim,
            [$"{name}.rope.freq_base"] = shape.RotaryBase,
            ["tokenizer.ggml.model"] = "llama",
            ["tokenizer.ggml.tokens"] = Enumerable.Range(0, tokens).Select(static token => $"t{token}").ToArray(),
            ["tokenizer.ggml.scores"] = new float[tokens],
            ["tokenizer.ggml.token_type"] = Enumerable.Repeat(1, tokens).ToArray(),
        };
    }

    private static Dictionary<string, (long[] Dimensions, float[] Values)> CreateTensors(ModelShape shape, ModelWeights weights)
    {
        Dictionary<string, (long[], float[])> tensors = new()
        {
            ["token_embd.weight"] = Matrix(weights.Embedding),
            ["output_norm.weight"] = Vector(weights.OutputNorm),
            ["output.weight"] = Matrix(weights.Output),
        };
        for (int i = 0; i < shape.Layers; i++)
        {
            LayerWeights layer = weights.Layers[i];
            tensors[$"blk.{i}.attn_norm.weight"] = Vector(layer.AttentionNorm);
            tensors[$"blk.{i}.attn_output.weight"] = Matrix(layer.AttentionOutput);
            tensors[$"blk.{i}.ffn_norm.weight"] = Vector(layer.FeedForwardNorm);
            tensors[$"blk.{i}.ffn_gate.weight"] = Matrix(layer.Gate);
            tensors[$"blk.{i}.ffn_up.weight"] = Matrix(layer.Up);
            tensors[$"blk.{i}.ffn_down.weight"] = Matrix(layer.Down);
            (string Name, Projection Projection, float[] Norm)[] projections =
                [("q", layer.Query, layer.QueryNorm), ("k", layer.Key, layer.KeyNorm), ("v", layer.Value, [])];
            foreach ((string name, Projection projection, float[] norm) in projections)
            {
                tensors[$"blk.{i}.attn_{name}.weight"] = Matrix(projection.Matrix);
                if (projection.Bias.Length > 0)
                {
                    tensors[$"blk.{i}.attn_{name}.bias"] = Vector(projection.Bias);
                }

                if (norm.Length > 0)
                {
                    tensors[$"blk.{i}.attn_{name}_norm.weight"] = Vector(norm);
                }
            }
        }

        return tensors;
    }

    private static (long[], float[]) Vector(float[] values) => ([values.Length], values);

    private static (long[], float[]) Matrix(WeightMatrix matrix)
    {
        float[] values = new float[matrix.Rows * matrix.Columns];
        for (int row = 0; row < matrix.Rows; row++)
        {
            matrix.CopyRow(row, values.AsSpan(row * matrix.Columns, matrix.Columns));
        }

        return ([matrix.Columns, matrix.Rows], values);
    }
}
