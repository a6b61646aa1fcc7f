using KvCache.Gpu;
using KvCache.GpuCheck.Report;
using KvCache.GpuCheck.Timing;
using KvCache.GpuCheck.Workloads;

namespace KvCache.GpuCheck.Checks;

/// <summary>How fast a step's keys and values are written into pages.</summary>
internal sealed class AppendSpeed : IGpuCheck
{
    private static readonly KvElementType[] Types = [KvElementType.Float32, KvElementType.Float16, KvElementType.BFloat16];

    public string Name => "append-speed";

    public string Summary => "writing keys and values into pages, GB/s";

    public void Run(CheckContext context)
    {
        bool small = context.Device.Info.Kind == GpuDeviceKind.CpuAccelerator;
        CheckTable table = new("Append", "tokens", "type", "ms", "GB/s read and written", "share of the copy roof");
        foreach (int tokens in small ? new[] { 16 } : [64, 4096, 65536])
        {
            foreach (KvElementType type in Types)
            {
                AttentionShape shape = new(8, 8, 128, 128, type, 16);
                using TimedScene? scene = TimedScene.Create(context.Device, shape, 1, cached: 0, added: tokens);
                if (scene is null)
                {
                    continue;
                }

                double milliseconds = DeviceTimer.MedianMilliseconds(context.Device, context.Rounds, scene.Append);
                double bytes = (double)tokens * (shape.BytesPerToken + (shape.KvHeads * (shape.KeyDim + shape.ValueDim) * sizeof(float)));
                double rate = bytes / milliseconds / 1e6;
                table.Add(tokens, $"{type}", milliseconds, rate, rate / context.CopyRoof);
            }
        }

        context.Report.Tables.Add(table);
    }
}
