using KvCache.Gpu.Cuda;
using Xunit;

namespace KvCache.Gpu.Tests.Cuda;

/// <summary>Local variables become registers where nobody can tell, and stay where somebody could.</summary>
public sealed class LocalPromotionTests
{
    private const string Declared = "\t.local .align 4 .b8 __local_depot0[8];\n\tmov.b64\t%rd1, __local_depot0;\n";

    [Fact]
    public void Loads_and_stores_become_moves()
    {
        string text = LocalPromotion.Run(Declared + "\tadd.u64\t%rd2, %rd1, 4;\n\tst.local.b32\t[%rd2], %r1;\n\tld.local.b32\t%r2, [%rd1+4];\n", out int kept);
        Assert.Equal(0, kept);
        Assert.Equal("\t.reg .b32 %slot0_4;\n\tmov.b32\t%slot0_4, %r1;\n\tmov.b32\t%r2, %slot0_4;\n", text);
    }

    [Fact]
    public void Vectors_become_moves_of_each_part()
    {
        string text = LocalPromotion.Run(Declared + "\tst.local.v2.f32\t[%rd1], {%f1, %f2};\n\tld.local.f32\t%f3, [%rd1+4];\n", out int kept);
        Assert.Equal(0, kept);
        Assert.Equal(
            "\t.reg .b32 %slot0_0;\n\t.reg .b32 %slot0_4;\n\tmov.b32\t%slot0_0, %f1;\n\tmov.b32\t%slot0_4, %f2;\n\tmov.b32\t%f3, %slot0_4;\n", text);
    }

    /// <summary>The address goes elsewhere; parts lie over one another; a part has 8 bits; the address comes from two places.</summary>
    [Theory]
    [InlineData("\tst.global.b64\t[%rd7], %rd1;\n\tld.local.b32\t%r2, [%rd1];\n")]
    [InlineData("\tadd.u64\t%rd2, %rd1, %rd3;\n\tld.local.b32\t%r2, [%rd1];\n")]
    [InlineData("\tst.local.b64\t[%rd1], %rd5;\n\tld.local.b32\t%r2, [%rd1+4];\n")]
    [InlineData("\tst.local.b8\t[%rd1], %r5;\n")]
    [InlineData("\tst.local.b64\t[%rd1], %rd1;\n")]
    [InlineData("L_1:\n\tld.local.b32\t%r2, [%rd1];\n\tmov.b64\t%rd1, %rd9;\n")]
    public void What_somebody_else_could_reach_stays_in_memory(string body)
    {
        string text = LocalPromotion.Run(Declared + body, out int kept);
        Assert.Equal(1, kept);
        Assert.Equal(Declared + body, text);
    }
}
