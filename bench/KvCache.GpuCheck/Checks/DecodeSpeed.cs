using KvCache.Gpu;
using KvCache.GpuCheck.Report;
using KvCache.GpuCheck.Timing;
using KvCache.GpuCheck.Torch;
using KvCache.GpuCheck.Workloads;

namespace KvCache.GpuCheck.Checks;

/// <summary>One layer's attention of a decode step: how near it comes to the speed at which the device copies.</summary>
internal sealed class DecodeSpeed : IGpuCheck
{
    private const int Dim = 128;
    private static readonly (int Query, int Kv)[] Heads = [(32, 8), (32, 32), (64, 8)];

    public string Name => "decode";

    public string Summary => "decode attention, batch 1 to 64, context 1K to 32K: time, GB/s, share of the copy roof, PyTorch beside it";

    public void Run(CheckContext context)
    {
        (int Rows, int Context)[] batches = Batches(context);
        CheckTable table = new(
            "Decode, one layer, pages of 16", "heads", "type", "kernel", "batch", "context", "ms", "GB/s", "share of the copy roof", "PyTorch, contiguous float16, ms",
            "PyTorch's time ÷ ours");
        using TorchAttention torch = new(context.Device);
        foreach ((int query, int kv) in Heads)
        {
            KvElementType[] types = query == 32 && kv == 8
                ? [KvElementType.Float16, KvElementType.BFloat16, KvElementType.Float32]
                : [KvElementType.Float16];
            foreach ((int rows, int length) in batches)
            {
                double torchTime = torch.Milliseconds(new TorchShape(rows, query, kv, Dim, 1, length - 1, Causal: false));
                foreach (KvElementType type in types)
                {
                    AttentionShape shape = new(query, kv, Dim, Dim, type, 16);
                    using TimedScene? scene = TimedScene.Create(context.Device, shape, rows, length - 1, added: 1);
                    if (scene is null)
                    {
                        continue;
                    }

                    foreach (string kernel in scene.Kernels())
                    {
                        double milliseconds = DeviceTimer.MedianMilliseconds(context.Device, context.Rounds, scene.Attend);
                        double rate = (double)shape.BytesPerToken * rows * length / milliseconds / 1e6;
                        table.Add(
                            shape.Heads, $"{type}", kernel, rows, length, milliseconds, rate, rate / context.CopyRoof, torchTime, torchTime / milliseconds);
                    }
                }
            }
        }

        table.Note = $"GB/s of keys and values; heads of {Dim}. {torch.Remark}";
        context.Report.Tables.Add(table);
    }

    private static (int Rows, int Context)[] Batches(CheckContext context)
    {
        if (context.Device.Info.Kind == GpuDeviceKind.CpuAccelerator)
        {
            return [(2, 40)];
        }

        int[] lengths = context.Quick ? [1024, 4096] : [1024, 4096, 16384, 32768];
        return [.. new[] { 1, 8, 64 }.SelectMany(rows => lengths.Select(length => (rows, length)))];
    }
}
