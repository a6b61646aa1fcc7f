using KvCache.Serving.CostModels;
using KvCache.Serving.Text;
using Xunit;

namespace KvCache.Serving.Tests.CostModels;

/// <summary>A table that is none is refused with its place and with what was expected there.</summary>
public sealed class BadTableTests : IDisposable
{
    private readonly KernelTables _tables = new();

    [Theory]
    [InlineData("dense.csv", "", 1, "a header with the names of the columns")]
    [InlineData("dense.csv", "layer,time_us\n", 1, "a column tokens in the header, found 'layer,time_us'")]
    [InlineData("dense.csv", "layer,tokens,time_us\n", 2, "layer embedding, found none")]
    [InlineData("dense.csv", "layer,tokens,time_us\nembedding,1,2\nlayernorm,1,2\n", 4, "layer final_layernorm, found embedding, layernorm")]
    [InlineData("dense.csv", "layer,tokens,time_us\nembedding,1,2\nembedding,1,3\n", 3, "layer embedding at 1 tokens once only")]
    [InlineData("dense.csv", "layer,tokens,time_us\nembedding,0,2\n", 2, "from 1 to 16777216 tokens, found 0")]
    [InlineData("dense.csv", "layer,tokens,time_us\nembedding,20000000,2\n", 2, "from 1 to 16777216 tokens, found 20000000")]
    [InlineData("dense.csv", "layer,tokens,time_us\nembedding,many,2\n", 2, "as tokens, found 'many'")]
    [InlineData("dense.csv", "layer,tokens,time_us\nembedding,1,-2\n", 2, "a number of microseconds from 0 as time_us, found '-2'")]
    [InlineData("dense.csv", "layer,tokens,time_us\nembedding,1,NaN\n", 2, "a number of microseconds")]
    [InlineData("dense.csv", "layer,tokens,time_us\nembedding,1\n", 2, "3 fields, as in the header, found 2")]
    [InlineData("per_sequence.csv", "layer,sequences,time_us\nlm_head,1,2\n", 3, "layer sampler, found lm_head")]
    [InlineData("attention.csv", "prefill_chunk,kv_prefill,n_decode,time_us\n", 1, "a column kv_decode")]
    [InlineData("attention.csv", "prefill_chunk,kv_prefill,n_decode,kv_decode,time_us\n0,0,1,16,9\n", 3, "rows with n_decode 0 and rows with prefill_chunk 0")]
    [InlineData("attention.csv", "prefill_chunk,kv_prefill,n_decode,kv_decode,time_us\n16,0,0,0,9\n", 3, "rows with n_decode 0 and rows with prefill_chunk 0")]
    [InlineData("attention.csv", "prefill_chunk,kv_prefill,n_decode,kv_decode,time_us\n0,0,0,16,9\n", 2, "a prefill_chunk or an n_decode above 0")]
    [InlineData("attention.csv", "prefill_chunk,kv_prefill,n_decode,kv_decode,time_us\n16,0,0,0,9\n16,0,0,32,9\n", 3, "every combination of sizes once only")]
    [InlineData("attention.csv", "prefill_chunk,kv_prefill,n_decode,kv_decode,time_us\n16,-1,0,0,9\n", 2, "as kv_prefill, found '-1'")]
    public void A_bad_line_is_named(string name, string text, int line, string expected)
    {
        _tables.Load();
        _tables.Write(name, text);

        MalformedFileException exception = Assert.Throws<MalformedFileException>(() => TableCostModel.Load(_tables.Folder, KernelTables.Layers));

        Assert.StartsWith($"{Path.Combine(_tables.Folder, name)}:{line}: expected ", exception.Message);
        Assert.Contains(expected, exception.Message);
    }

    [Fact]
    public void A_missing_table_is_named() => Assert.Contains(
        "dense.csv:1: expected a table of measured times that can be read",
        Assert.Throws<MalformedFileException>(() => TableCostModel.Load(_tables.Folder, 1)).Message);

    [Fact]
    public void A_model_without_layers_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>("layers", () => TableCostModel.Load(_tables.Folder, 0));

    public void Dispose() => _tables.Dispose();
}
