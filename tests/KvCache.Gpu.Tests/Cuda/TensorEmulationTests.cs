using KvCache.Gpu.Cuda;
using KvCache.Gpu.Tests.Emulator;
using Xunit;

namespace KvCache.Gpu.Tests.Cuda;

/// <summary>The very text that a GPU would be given, run instruction by instruction against the formula.</summary>
public sealed class TensorEmulationTests
{
    private const int MostWays = 2;

    public static TheoryData<KvElementType, int, int, bool> DecodeVariants
    {
        get
        {
            TheoryData<KvElementType, int, int, bool> all = [];
            foreach ((int dim, int heads) in ((int, int)[])[(64, 8), (64, 16), (128, 8), (128, 16), (256, 8)])
            {
                foreach (bool largePages in (bool[])[true, false])
                {
                    all.Add(KvElementType.Float16, dim, heads, largePages);
                    all.Add(KvElementType.BFloat16, dim, heads, largePages);
                }
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(DecodeVariants))]
    public void Decode_is_near_the_formula(KvElementType type, int dim, int heads, bool largePages) =>
        TensorCases.Check(TensorCases.Decoding(type, dim, heads, largePages), drawn =>
        {
            PtxKernel kernel = TensorPtx.Kernel(drawn.DecodeVariant);
            double error = new TensorScene(drawn).Check(kernel, prefill: null);
            AssertFewConflicts(kernel);
            return error;
        });

    public static TheoryData<string> OtherVariants => [.. TensorCatalog.Others.Where(TensorPtx.IsTestedAlways).Select(static variant => variant.Name)];

    /// <summary>Two decoded rows, one of several segments, and one of other pages: what blocks differ in is how they part a segment.</summary>
    [Theory]
    [MemberData(nameof(OtherVariants))]
    public void Decode_with_another_block_is_near_the_formula(string name)
    {
        TensorVariant variant = TensorCatalog.Others.Single(variant => variant.Name == name);
        TensorCase one = TensorCases.Of(variant) with { KvHeads = 2, Gap = 3, Rows = [(299, 1), (40, 1), (0, 1)], Seed = 5 };
        PtxKernel kernel = TensorPtx.Kernel(variant);
        new TensorScene(one).Check(kernel, prefill: null);
        AssertFewConflicts(kernel);
    }

    [Theory]
    [InlineData(KvElementType.Float16, 64)]
    [InlineData(KvElementType.Float16, 128)]
    [InlineData(KvElementType.BFloat16, 64)]
    [InlineData(KvElementType.BFloat16, 128)]
    public void Prefill_and_mixed_steps_are_near_the_formula(KvElementType type, int dim) =>
        TensorCases.Check(TensorCases.Mixed(type, dim), drawn =>
        {
            PtxKernel prefill = TensorPtx.Kernel(drawn.PrefillVariant!);
            double error = new TensorScene(drawn).Check(TensorPtx.Kernel(drawn.DecodeVariant), prefill);
            AssertFewConflicts(prefill);
            return error;
        });

    [Fact]
    public void Prefill_takes_rows_of_one_token_where_it_is_asked_to()
    {
        TensorCase one = new() { Dim = 64, Group = 3, KvHeads = 2, Rows = [(0, 1), (70, 1), (5, 30)] };
        new TensorScene(one).Check(decode: null, TensorPtx.Kernel(one.PrefillVariant!));
    }

    /// <summary>Sixteen queries of a group of 70 do not fit in one block: groups are parted.</summary>
    [Fact]
    public void Groups_larger_than_a_block_are_parted()
    {
        TensorCase one = new() { Dim = 64, Group = 70, Rows = [(20, 1), (3, 4)] };
        new TensorScene(one).Check(TensorPtx.Kernel(one.DecodeVariant), TensorPtx.Kernel(one.PrefillVariant!));
    }

    private static void AssertFewConflicts(PtxKernel kernel)
    {
        foreach (PtxInstruction instruction in kernel.Code)
        {
            Assert.True(
                instruction.WorstConflict <= MostWays, $"{instruction.WorstConflict} lanes at a bank at once: {instruction.Statement.Text}");
        }
    }
}
