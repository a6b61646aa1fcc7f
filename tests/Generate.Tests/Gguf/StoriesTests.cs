using Generate.Gguf;
using Generate.Weights;
using Xunit;

namespace Generate.Tests.Gguf;

/// <summary>A trained model that another program has written.</summary>
public sealed class StoriesTests
{
    [Fact]
    public void The_model_is_read_with_its_shape_tokens_and_weights()
    {
        using GgufFile file = GgufFile.Open(SharedFiles.Find(SharedFiles.Stories));
        GgufMetadata metadata = file.Metadata;
        Assert.Equal(3, file.Version);
        Assert.Equal("llama", metadata.GetString("general.architecture"));
        Assert.Equal(64, metadata.GetInt32("llama.embedding_length"));
        Assert.Equal(172, metadata.GetInt32("llama.feed_forward_length"));
        Assert.Equal(5, metadata.GetInt32("llama.block_count"));
        Assert.Equal(8, metadata.GetInt32("llama.attention.head_count"));
        Assert.Equal(4, metadata.GetInt32("llama.attention.head_count_kv"));
        Assert.Equal(1e-5f, metadata.GetSingle("llama.attention.layer_norm_rms_epsilon"));
        string[] tokens = metadata.GetStrings("tokenizer.ggml.tokens");
        Assert.Equal(512, tokens.Length);
        Assert.Equal(["<unk>", "<s>", "</s>", "<0x00>"], tokens[..4]);
        Assert.Equal(512, metadata.GetSingles("tokenizer.ggml.scores").Length);
        Assert.Equal(48, file.Tensors.Count);
        Assert.All(file.Tensors.Values, tensor => Assert.Equal(GgmlType.F32, tensor.Type));

        WeightMatrix embedding = WeightMatrix.From(file.GetTensor("token_embd.weight"));
        Assert.Equal((512, 64), (embedding.Rows, embedding.Columns));
        WeightMatrix down = WeightMatrix.From(file.GetTensor("blk.4.ffn_down.weight"));
        Assert.Equal((64, 172), (down.Rows, down.Columns));
        Assert.Equal(64, WeightVector.Read(file.GetTensor("output_norm.weight")).Length);
        float[] row = new float[64];
        embedding.CopyRow(1, row);
        Assert.Contains(row, value => value != 0);
        Assert.All(row, value => Assert.InRange(value, -10, 10));
    }
}
