using System.Text.RegularExpressions;
using KvCache.Gpu.Kernels;
using Xunit;

namespace KvCache.Gpu.Tests.Kernels;

/// <summary>Every kernel is one that NVIDIA GPUs from compute capability 7.0 on can run, out of registers.</summary>
public sealed partial class KernelPtxTests
{
    public static TheoryData<int> Capabilities => [70, 80, 90];

    [Theory]
    [MemberData(nameof(Capabilities))]
    public void Every_variant_compiles_to_PTX_without_local_memory(int capability)
    {
        foreach ((KernelVariant variant, string ptx) in OfflinePtx.For(capability))
        {
            Assert.Contains(".entry", ptx, StringComparison.Ordinal);
            Assert.False(LocalMemory().IsMatch(ptx), $"{variant} for {capability} has variables in local memory.");
        }
    }

    [Theory]
    [MemberData(nameof(Capabilities))]
    public void Aligned_variants_read_16_bytes_at_once(int capability)
    {
        foreach ((KernelVariant variant, string ptx) in OfflinePtx.For(capability))
        {
            if (variant.Configuration.Contains("Aligned", StringComparison.Ordinal) && !variant.Configuration.Contains("Unaligned", StringComparison.Ordinal))
            {
                Assert.Matches(@"ld\.global\S*\.v4", ptx);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Capabilities))]
    public void Every_variant_assembles_without_spills(int capability)
    {
        PtxAssembler? assembler = PtxAssembler.Find();
        Assert.SkipWhen(assembler is null, "No ptxas was found: neither does KVCACHE_PTXAS name one, nor is one on the path.");
        Parallel.ForEach(OfflinePtx.For(capability), pair =>
        {
            (KernelVariant variant, string ptx) = pair;
            AssembledKernel assembled = assembler.Assemble(ptx, capability);
            TestContext.Current.TestOutputHelper?.WriteLine($"{variant}: {assembled.Registers} registers");
            Assert.True(
                assembled is { SpillStores: 0, SpillLoads: 0, StackBytes: 0 },
                $"{variant} for {capability}: {assembled}; expected nothing outside registers.");
        });
    }

    [Fact]
    public void Variants_have_names_of_their_own() =>
        Assert.Distinct(KernelCatalog.All.Select(variant => variant.Name));

    [GeneratedRegex(@"\b(ld|st)\.local")]
    private static partial Regex LocalMemory();
}
