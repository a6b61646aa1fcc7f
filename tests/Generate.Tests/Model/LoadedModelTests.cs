using Generate.Gguf;
using Generate.Model;
using Generate.Weights;
using Xunit;

namespace Generate.Tests.Model;

/// <summary>Models as files hold them: read as they are, or refused with what is wrong.</summary>
public sealed class LoadedModelTests
{
    [Theory]
    [InlineData(nameof(TestModels.Llama))]
    [InlineData(nameof(TestModels.Qwen2))]
    [InlineData(nameof(TestModels.Qwen3))]
    public void A_file_gives_the_model_that_was_written(string name)
    {
        ModelShape shape = TestModels.All[name];
        using LoadedModel model = LoadedModel.Open(new ModelFile(shape).Open());
        Assert.Equal(shape, model.Shape);
        int[] tokens = TestModels.RandomTokens(6, seed: 1);
        Assert.Equal(
            new ReferenceTransformer(shape, RandomModel.CreateWeights(shape)).Logits(tokens),
            new ReferenceTransformer(model.Shape, model.Weights).Logits(tokens));
    }

    [Fact]
    public void What_a_file_does_not_say_follows_from_the_rest()
    {
        ModelFile file = new(TestModels.PartlyRotated);
        string[] left = ["attention.head_count_kv", "attention.key_length", "attention.value_length", "rope.dimension_count", "rope.freq_base"];
        Array.ForEach(left, key => file.Without("llama." + key));
        using LoadedModel model = LoadedModel.Open(file.Open());
        ModelShape shape = model.Shape;
        Assert.Equal((4, 6, 6, 6), (shape.KvHeads, shape.KeyDim, shape.ValueDim, shape.RotaryDim));
        Assert.Equal((10000, 1, 0, 0), (shape.RotaryBase, shape.RotaryScale, shape.TrainedPositions, shape.TrainedWindow));
    }

    [Fact]
    public void Without_an_output_matrix_the_embedding_is_it()
    {
        using LoadedModel model = LoadedModel.Open(new ModelFile(TestModels.Llama).Without("output.weight").Open());
        Assert.Equal(Row(model.Weights.Embedding), Row(model.Weights.Output));
    }

    [Fact]
    public void Rotary_factors_and_scales_are_read()
    {
        ModelFile file = new ModelFile(TestModels.Llama).With("rope_freqs.weight", [3], 1, 2, 8)
            .With(".rope.scaling.type", "linear").With(".rope.scaling.factor", 4f).With(".context_length", 128).With(".attention.sliding_window", 9);
        using LoadedModel model = LoadedModel.Open(file.Open());
        Assert.Equal([1f, 2f, 8f], model.Weights.RotaryFactors);
        Assert.Equal((4, 128, 9), (model.Shape.RotaryScale, model.Shape.TrainedPositions, model.Shape.TrainedWindow));
    }

    [Fact]
    public void Biases_are_read_where_an_architecture_need_not_have_them()
    {
        using LoadedModel model = LoadedModel.Open(new ModelFile(TestModels.Llama).With("blk.1.attn_k.bias", [12], new float[12]).Open());
        Assert.Empty(model.Weights.Layers[0].Key.Bias);
        Assert.Equal(12, model.Weights.Layers[1].Key.Bias.Length);
    }

    public static TheoryData<string, object> WrongFacts => new()
    {
        { "general.architecture", "gemma3" },
        { ".block_count", 0 },
        { ".attention.head_count_kv", 3 },
        { ".rope.dimension_count", 8 },
        { ".rope.dimension_count", 3 },
        { ".rope.scaling.type", "yarn" },
        { ".rope.scaling.factor", 0f },
        { ".rope.freq_base", float.NaN },
        { ".expert_count", 8 },
    };

    [Theory]
    [MemberData(nameof(WrongFacts))]
    public void A_fact_that_does_not_fit_is_refused_by_name(string key, object value)
    {
        string message = Refusal(new ModelFile(TestModels.Llama).With(key, value));
        Assert.Contains(key == "general.architecture" ? "Architecture 'gemma3' is not supported; supported are llama, qwen2, qwen3." : $"'llama{key}' is ", message);
        Assert.Contains($"{value}", message);
    }

    [Fact]
    public void A_tensor_of_another_shape_is_refused_with_both_shapes() => Assert.Equal(
        "image: tensor 'blk.1.attn_k.weight' [12, 24] F32; expected [24, 12].",
        Refusal(new ModelFile(TestModels.Llama).With("blk.1.attn_k.weight", [12, 24], new float[12 * 24])));

    [Theory]
    [InlineData(nameof(TestModels.Llama), "blk.1.ffn_up.weight")]
    [InlineData(nameof(TestModels.Llama), "output_norm.weight")]
    [InlineData(nameof(TestModels.Llama), "token_embd.weight")]
    [InlineData(nameof(TestModels.Qwen2), "blk.0.attn_q.bias")]
    [InlineData(nameof(TestModels.Qwen3), "blk.0.attn_k_norm.weight")]
    public void A_missing_tensor_is_refused_by_name(string model, string tensor) => Assert.Contains(
        $"'{tensor}' is missing",
        Assert.Throws<GgufException>(() => LoadedModel.Open(new ModelFile(TestModels.All[model]).Without(tensor).Open())).Message);

    [Fact]
    public void A_tensor_that_no_one_would_use_is_refused() => Assert.Contains(
        "'blk.0.attn_output.bias' [24] F32 has no place",
        Refusal(new ModelFile(TestModels.Llama).With("blk.0.attn_output.bias", [24], new float[24])));

    [Fact]
    public void A_vocabulary_of_another_size_than_the_embedding_is_refused() => Assert.Contains(
        "the tokenizer has 37 tokens, the embedding 38",
        Refusal(new ModelFile(TestModels.Llama).With("token_embd.weight", [24, 38], new float[24 * 38])));

    private static string Refusal(ModelFile file) => Assert.Throws<GenerateException>(() => LoadedModel.Open(file.Open())).Message;

    private static float[] Row(WeightMatrix matrix)
    {
        float[] row = new float[matrix.Columns];
        matrix.CopyRow(3, row);
        return row;
    }
}
