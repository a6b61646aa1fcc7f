using System.Text.RegularExpressions;
using KvCache.Gpu.Cuda;
using KvCache.Gpu.Tests.Emulator;
using Xunit;

namespace KvCache.Gpu.Tests.Cuda;

/// <summary>Kernels with a fault planted into their text fail in the emulator: what it passes has been looked at.</summary>
public sealed class PlantedFaultTests
{
    private static readonly TensorCase Decoding = new() { Rows = [(500, 1), (76, 1)] };
    private static readonly TensorCase Chunk = new() { Rows = [(50, 60), (0, 33)], Group = 2 };

    /// <summary>The kernel, what is replaced, which occurrence of it (−1: all of them), by what, and a word of the complaint.</summary>
    public static TheoryData<string, bool, string, int, string, string> Faults => new()
    {
        { "decode: a wait too short", true, @"cp\.async\.wait_group\s+1", -1, "cp.async.wait_group 2", "in flight" },
        { "decode: a wait dropped", true, @"cp\.async\.wait_group\s+1;", -1, "", "in flight" },
        { "decode: the loop's barrier dropped", true, @"bar\.warp\.sync[^;]*;", -1, "", "Race" },
        { "decode: the block's first barrier dropped", true, @"bar(rier)?\.sync[^;]*;", 0, "", "Race" },
        { "decode: the block's second barrier dropped", true, @"bar(rier)?\.sync[^;]*;", 1, "", "Race" },
        { "decode: the block's third barrier dropped", true, @"bar(rier)?\.sync[^;]*;", 2, "", "Race" },
        { "decode: keys of another stage", true, @"(ldmatrix\S*x4\.shared\.b16 \{[^}]*\}, \[%r\d+)\]", -1, "$1+8192]", "" },
        { "decode: values of another stage", true, @"(ldmatrix\S*trans\.shared\.b16 \{[^}]*\}, \[%r\d+)\]", -1, "$1+8192]", "" },
        { "decode: one position too many", true, @"setp\.lt\.s32 seen", -1, "setp.le.s32 seen", "expected" },
        { "decode: nothing filled with zeros", true, @"(cp\.async\.cg[^;]*16), %r\d+;", -1, "$1;", "" },
        { "prefill: a wait dropped", false, @"cp\.async\.wait_all;", 0, "", "in flight" },
        { "prefill: the loop's barrier dropped", false, @"bar(rier)?\.sync[^;]*;", 0, "", "" },
        { "prefill: keys of another stage", false, @"(ldmatrix\S*x4\.shared\.b16 \{[^}]*\}, \[%r\d+)\]", -1, "$1+32768]", "" },
        { "prefill: one position too many", false, @"setp\.lt\.s32 seen", -1, "setp.le.s32 seen", "expected" },
        { "prefill: nothing filled with zeros", false, @"(cp\.async\.cg[^;]*16), %r\d+;", -1, "$1;", "" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_planted_fault_is_caught(string fault, bool decodes, string pattern, int occurrence, string replacement, string complaint)
    {
        TensorCase drawn = decodes ? Decoding : Chunk;
        string text = TensorPtx.Of(decodes ? drawn.DecodeVariant : drawn.PrefillVariant!);
        int seen = 0;
        string faulty = Regex.Replace(text, pattern, match => occurrence < 0 || seen++ == occurrence ? match.Result(replacement) : match.Value);
        Assert.True(faulty != text, $"{fault}: the text has nothing like {pattern}.");
        PtxKernel kernel = new(faulty);
        Exception? caught = Record.Exception(() => new TensorScene(drawn).Check(decodes ? kernel : null, decodes ? null : kernel));
        Assert.True(caught is not null, $"{fault}: nobody has noticed.");
        TestContext.Current.TestOutputHelper?.WriteLine($"{fault}: {caught.Message}");
        Assert.Contains(complaint, caught.Message, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Without a fault the same cases pass.</summary>
    [Fact]
    public void Nothing_is_caught_where_nothing_is_planted()
    {
        new TensorScene(Decoding).Check(TensorPtx.Kernel(Decoding.DecodeVariant), prefill: null);
        new TensorScene(Chunk).Check(decode: null, TensorPtx.Kernel(Chunk.PrefillVariant!));
    }
}
