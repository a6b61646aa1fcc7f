using KvCache.Attention;
using KvCache.Gpu.Attention;
using KvCache.GpuCheck.Checks;
using KvCache.GpuCheck.Report;
using KvCache.GpuCheck.Workloads;

namespace KvCache.GpuCheck.VirtualMemory;

/// <summary>Holds attention over virtual tensors to the processor's, on drawn batches in a cache full of NaN.</summary>
internal sealed class VirtualAttention : IGpuCheck
{
    public string Name => "virtual-attention";

    public string Summary => "decode, prefill and mixed batches over virtual tensors against the processor's attention, drawn shapes";

    public void Run(CheckContext context)
    {
        if (!MappedMemory.TryOpen(context.Device, out MappedMemory? mapped, out string reason))
        {
            context.Report.Skipped.Add($"{Name}: {reason}");
            return;
        }

        using (mapped)
        {
            Run(context, mapped);
        }
    }

    private static void Run(CheckContext context, MappedMemory mapped)
    {
        bool slow = context.Device.IsHostAccessible;
        int cases = slow ? 6 : context.Quick ? 20 : 100;
        double worst = 0;
        int wrong = 0;
        using CpuAttention host = new();
        using GpuAttention attention = new(context.Device);
        for (int seed = 0; seed < cases; seed++)
        {
            AttentionCase drawn = AttentionCase.Draw(seed, slow ? 40 : 1500);
            using VirtualScene scene = new(context.Device, mapped, drawn.Shape, 1, drawn.Lengths);
            double error = drawn.Tokens == 0 ? 0 : AttentionCorrectness.ErrorOf(scene, drawn, new HostAnswer(drawn, host), context.Device, attention);
            worst = Math.Max(worst, error);
            if (error > AttentionCorrectness.Tolerance)
            {
                wrong++;
                context.Report.Failures.Add($"virtual tensors: relative error {error:E2} at {drawn}");
            }
        }

        CheckTable table = new("Attention over virtual tensors against the processor's", "cases", "largest relative error", "wrong");
        table.Add(cases, worst, wrong);
        context.Report.Tables.Add(table);
    }
}
