using KvCache.Gpu;
using KvCache.GpuCheck.Report;
using KvCache.GpuCheck.Timing;
using KvCache.GpuCheck.Workloads;
using KvCache.Memory;

namespace KvCache.GpuCheck.Checks;

/// <summary>The roof: how fast the device copies within itself, in one piece and page by page.</summary>
internal sealed class CopyBandwidth : IGpuCheck
{
    public string Name => "copy";

    public string Summary => "copies within the device, in one piece and in pages: the roof that attention is measured against";

    public void Run(CheckContext context)
    {
        long bytes = context.Device.Info.Kind == GpuDeviceKind.CpuAccelerator ? 1L << 20 : 1L << 30;
        using DeviceBuffer source = new(context.Device, bytes);
        using DeviceBuffer destination = new(context.Device, bytes);
        CheckTable table = new("Copies within the device", "piece, KiB", "pieces", "ms", "GB/s read and written");
        foreach (long piece in new[] { bytes, 1L << 20, 64L << 10, 32L << 10 }.Where(piece => piece <= bytes))
        {
            // Every piece is a call of the driver: 1,024 of them show what a call costs.
            int pieces = (int)Math.Min(bytes / piece, 1024);
            KvCopy[] copies = [.. Enumerable.Range(0, pieces).Select(i => new KvCopy(
                source.Address + (nint)(i * piece), destination.Address + (nint)(i * piece), piece))];
            double milliseconds = DeviceTimer.MedianMilliseconds(context.Device, context.Rounds, _ => context.Device.Copy(copies));
            double rate = 2 * pieces * piece / milliseconds / 1e6;
            table.Add(piece >> 10, pieces, milliseconds, rate);
            context.CopyRoof = double.IsNaN(context.CopyRoof) ? rate : context.CopyRoof;
        }

        context.Report.Tables.Add(table);
    }
}
