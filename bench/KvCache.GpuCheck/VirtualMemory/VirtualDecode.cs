using KvCache.GpuCheck.Checks;
using KvCache.GpuCheck.Report;
using KvCache.GpuCheck.Timing;
using KvCache.GpuCheck.Workloads;

namespace KvCache.GpuCheck.VirtualMemory;

/// <summary>One layer's attention of a decode step over virtual tensors, beside the same over pages.</summary>
internal sealed class VirtualDecode : IGpuCheck
{
    private const int Dim = 128;

    public string Name => "virtual-decode";

    public string Summary => "decode attention over virtual tensors beside pages of 16: time and GB/s of both";

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
        CheckTable table = new(
            "Decode over virtual tensors beside pages of 16, one layer, float16", "heads", "batch", "context", "virtual, ms", "paged, ms", "virtual, GB/s", "paged, GB/s", "paged over virtual");
        foreach ((int query, int kv) in ((int, int)[])[(32, 8), (32, 32)])
        {
            AttentionShape shape = new(query, kv, Dim, Dim, KvElementType.Float16, 16);
            foreach ((int rows, int length) in Batches(context))
            {
                double ofVirtual = Milliseconds(
                    context,
                    TimedScene.Create(context.Device, shape, rows, length - 1, added: 1, (layers, lengths) => new VirtualScene(context.Device, mapped, shape, layers, lengths)));
                double ofPages = Milliseconds(context, TimedScene.Create(context.Device, shape, rows, length - 1, added: 1));
                double gigabytes = (double)shape.BytesPerToken * rows * length / 1e6;
                table.Add(shape.Heads, rows, length, ofVirtual, ofPages, gigabytes / ofVirtual, gigabytes / ofPages, ofPages / ofVirtual);
            }
        }

        table.Note = $"Heads of {Dim}; GB/s of keys and values.";
        context.Report.Tables.Add(table);
    }

    private static double Milliseconds(CheckContext context, TimedScene? scene)
    {
        using (scene)
        {
            return scene is null ? double.NaN : DeviceTimer.MedianMilliseconds(context.Device, context.Rounds, scene.Attend);
        }
    }

    private static (int Rows, int Context)[] Batches(CheckContext context) =>
        context.Device.IsHostAccessible ? [(2, 40)]
        : context.Quick ? [(8, 1024), (8, 4096)]
        : [(1, 4096), (8, 1024), (8, 4096), (8, 16384), (64, 1024), (64, 4096)];
}
