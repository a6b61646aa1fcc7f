using KvCache.Gpu.Cuda;
using Xunit;

namespace KvCache.Gpu.Tests.Cuda;

/// <summary>The table of choices: what was measured counts, everything else is the default.</summary>
public sealed class TensorTuningTableTests
{
    [Fact]
    public void What_the_library_carries_reads_and_is_written_as_it_is() =>
        Assert.Equal(TensorTuningTable.Shipped.Count, TensorTuningTable.Parse(TensorTuningTable.Shipped.ToString()).Count);

    [Fact]
    public void An_entry_counts_for_its_capability_dim_and_heads_alone()
    {
        TensorTuningTable table = TensorTuningTable.Parse(TensorTuningTable.Header + "\r\n9.0,128,8,8,2,256,2\r\n8.0,64,16,2,4,64,1\r\n");
        Assert.Equal(2, table.Count);
        Assert.Equal(new TensorTuning(new DecodeBlock(8, 2), 256, 2), table.Find(new Version(9, 0), 128, 8));
        Assert.Equal(TensorTuning.DefaultOf(128), table.Find(new Version(9, 0), 128, 16));
        Assert.Equal(TensorTuning.DefaultOf(128), table.Find(new Version(10, 0), 128, 8));
        Assert.Equal(TensorTuningTable.Header + "\n8.0,64,16,2,4,64,1\n9.0,128,8,8,2,256,2\n", table.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("dim,heads")]
    [InlineData(TensorTuningTable.Header + "\n9.0,128,8,8,2,256")]
    [InlineData(TensorTuningTable.Header + "\nnine,128,8,8,2,256,1")]
    [InlineData(TensorTuningTable.Header + "\n9.0,96,8,4,3,256,1")]
    [InlineData(TensorTuningTable.Header + "\n9.0,128,8,3,3,256,1")]
    [InlineData(TensorTuningTable.Header + "\n9.0,128,8,4,3,100,1")]
    [InlineData(TensorTuningTable.Header + "\n9.0,128,8,4,3,128,0")]
    [InlineData(TensorTuningTable.Header + "\n9.0,128,8,4,3,-128,1")]
    public void What_is_no_table_is_refused(string text) => Assert.Throws<FormatException>(() => TensorTuningTable.Parse(text));
}
