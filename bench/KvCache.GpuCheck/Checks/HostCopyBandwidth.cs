using System.Diagnostics;
using KvCache.Gpu;
using KvCache.GpuCheck.Report;
using KvCache.GpuCheck.Workloads;
using KvCache.Memory;

namespace KvCache.GpuCheck.Checks;

/// <summary>The link: copies from pinned memory and back, in units as offloaded layers would be moved in.</summary>
internal sealed class HostCopyBandwidth : IGpuCheck
{
    public string Name => "host-copy";

    public string Summary => "copies between pinned host memory and the device in units of 32 KiB to 16 MiB";

    public void Run(CheckContext context)
    {
        long bytes = context.Device.Info.Kind == GpuDeviceKind.CpuAccelerator ? 1L << 20 : 256L << 20;
        using DeviceBuffer buffer = new(context.Device, bytes);
        if (!context.Device.TryAllocatePinned(bytes, out GpuPinnedMemory? pinned))
        {
            throw new OutOfMemoryException($"The host has no {bytes} bytes of pinned memory left.");
        }

        using (pinned)
        {
            CheckTable table = new("Copies from and to the host, pinned", "unit, KiB", "units", "to the device, GB/s", "to the host, GB/s");
            for (long unit = 32 << 10; unit <= Math.Min(16 << 20, bytes); unit *= 4)
            {
                int units = (int)Math.Min(bytes / unit, 1024);
                KvCopy[] there = [.. Enumerable.Range(0, units).Select(i => new KvCopy(
                    pinned.Address + (nint)(i * unit), buffer.Address + (nint)(i * unit), unit))];
                KvCopy[] back = Array.ConvertAll(there, static piece => new KvCopy(piece.Destination, piece.Source, piece.Bytes));
                double moved = units * unit / 1e9;
                table.Add(
                    unit >> 10,
                    units,
                    moved / MedianSeconds(context, () => context.Device.CopyToDevice(there)),
                    moved / MedianSeconds(context, () => context.Device.CopyToHost(back)));
            }

            table.Note = "From the first submission to the last fence, on the host's clock: what a caller waits for.";
            context.Report.Tables.Add(table);
        }
    }

    private static double MedianSeconds(CheckContext context, Func<KvTransfer> copy)
    {
        double[] seconds = new double[context.Rounds];
        copy().Wait();
        for (int round = 0; round < seconds.Length; round++)
        {
            long start = Stopwatch.GetTimestamp();
            copy().Wait();
            seconds[round] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        Array.Sort(seconds);
        return seconds[seconds.Length / 2];
    }
}
