using KvCache.Attention;
using KvCache.Gpu.Attention;
using KvCache.Gpu.Cuda;
using KvCache.GpuCheck.Report;
using KvCache.GpuCheck.Workloads;

namespace KvCache.GpuCheck.Checks;

/// <summary>Holds the kernels on tensor cores to the processor's attention, whatever their blocks are made of, in a cache full of NaN.</summary>
/// <remarks>They round queries and weights to the cache's type: 2·10⁻³ is allowed for float16, 10⁻² for bfloat16.</remarks>
internal sealed class TensorCorrectness : IGpuCheck
{
    public string Name => "tensor-correct";

    public string Summary => "every kernel on tensor cores against the processor's attention, drawn shapes, poisoned surroundings";

    public void Run(CheckContext context)
    {
        CheckTable table = new("Attention on tensor cores against the processor's", "block", "cases", "largest relative error", "of what is allowed", "wrong");
        if (TensorCores.CapabilityOf(context.Device) is { } capability && capability >= TensorCompiler.Capability)
        {
            using CpuAttention host = new();
            foreach (DecodeBlock block in DecodeBlock.All)
            {
                Run(context, capability, block, host, table);
            }
        }
        else
        {
            table.Note = "The device has none that are programmed as those of compute capability 8.0.";
        }

        context.Report.Tables.Add(table);
    }

    private static void Run(CheckContext context, Version capability, DecodeBlock block, CpuAttention host, CheckTable table)
    {
        using GpuAttention attention = new(context.Device, GpuAttentionOptions.Default, TensorTable.Of(capability, new TensorTuning(block, 64, 4)));
        double worst = 0;
        double worstShare = 0;
        int wrong = 0;
        int cases = 0;
        foreach (AttentionCase drawn in Cases(context.Quick ? 1 : 4))
        {
            cases++;
            double error = AttentionCorrectness.ErrorOf(drawn, new HostAnswer(drawn, host), context.Device, attention);
            double allowed = drawn.Shape.Type == KvElementType.Float16 ? 2e-3 : 1e-2;
            worst = Math.Max(worst, error);
            worstShare = Math.Max(worstShare, error / allowed);
            string used = attention.DecodeKernel ?? attention.PrefillKernel ?? "";
            if (!(error <= allowed) || !used.StartsWith("Tensor", StringComparison.Ordinal))
            {
                wrong++;
                context.Report.Failures.Add($"blocks of {block}: relative error {error:E2} by {used} at {drawn}");
            }
        }

        table.Add($"{block}", cases, worst, worstShare, wrong);
    }

    /// <summary>Cases for every variant: types, head dims, heads of a block, small and large pages; decode and a mix.</summary>
    private static IEnumerable<AttentionCase> Cases(int count) =>
        from type in (KvElementType[])[KvElementType.Float16, KvElementType.BFloat16]
        from shape in TensorCatalog.DecodeShapes
        from pages in (int[])[4, 16, 64]
        from seed in Enumerable.Range(0, count)
        select Draw(type, shape.Dim, shape.Heads, pages, seed);

    private static AttentionCase Draw(KvElementType type, int dim, int heads, int pages, int seed)
    {
        Random random = new(HashCode.Combine(seed, dim, heads, pages));
        int kvHeads = random.Next(1, 5);
        int group = heads > 8 ? random.Next(9, 17) : random.Next(1, 9);
        AttentionShape shape = new(kvHeads * group, kvHeads, dim, dim, type, pages);
        int[] cached = [random.Next(3000), random.Next(300), 0, random.Next(700), random.Next(50)];
        int[] added = dim > 128 ? [1, 1, 1, 1, 0] : [1, 1, 1, random.Next(2, 200), 0];
        return new AttentionCase(seed, shape, cached, added);
    }
}
