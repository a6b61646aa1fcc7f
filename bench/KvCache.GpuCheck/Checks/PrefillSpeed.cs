using KvCache.Gpu;
using KvCache.GpuCheck.Report;
using KvCache.GpuCheck.Timing;
using KvCache.GpuCheck.Torch;
using KvCache.GpuCheck.Workloads;

namespace KvCache.GpuCheck.Checks;

/// <summary>One layer's attention of a prompt, from nothing and over a cached prefix.</summary>
internal sealed class PrefillSpeed : IGpuCheck
{
    private const int Dim = 128;

    public string Name => "prefill";

    public string Summary => "prefill attention, 512 to 16K new tokens, with and without a cached prefix: TFLOP/s, PyTorch beside it";

    public void Run(CheckContext context)
    {
        CheckTable table = new("Prefill, one layer, pages of 16", "heads", "type", "kernel", "new", "cached", "ms", "TFLOP/s", "PyTorch, contiguous float16, ms",
            "PyTorch's time ÷ ours");
        using TorchAttention torch = new(context.Device);
        AttentionShape shape = new(32, 8, Dim, Dim, KvElementType.Float16, 16);
        foreach ((int added, int cached) in Prompts(context))
        {
            using TimedScene? scene = TimedScene.Create(context.Device, shape, 1, cached, added);
            if (scene is null)
            {
                continue;
            }

            // Long prompts take tens of milliseconds each; a few rounds tell enough.
            int rounds = added >= 8192 ? Math.Min(5, context.Rounds) : Math.Min(11, context.Rounds);
            double torchTime = torch.Milliseconds(new TorchShape(1, shape.QueryHeads, shape.KvHeads, Dim, added, cached, Causal: true));
            double pairs = ((double)added * cached) + ((double)added * (added + 1) / 2);
            foreach (string kernel in scene.Kernels())
            {
                double milliseconds = DeviceTimer.MedianMilliseconds(context.Device, rounds, scene.Attend);
                double rate = 4 * pairs * Dim * shape.QueryHeads / milliseconds / 1e9;
                table.Add(shape.Heads, $"{shape.Type}", kernel, added, cached, milliseconds, rate, torchTime, torchTime / milliseconds);
            }
        }

        table.Note = $"Causal; heads of {Dim}; 4 × pairs × dim × query heads operations. {torch.Remark}";
        context.Report.Tables.Add(table);
    }

    private static (int Added, int Cached)[] Prompts(CheckContext context) =>
        context.Device.Info.Kind == GpuDeviceKind.CpuAccelerator ? [(8, 0), (8, 16)]
        : context.Quick ? [(512, 0), (2048, 0), (512, 2048)]
        : [(512, 0), (1024, 0), (2048, 0), (4096, 0), (8192, 0), (16384, 0), (512, 4096), (2048, 8192), (512, 16384)];
}
