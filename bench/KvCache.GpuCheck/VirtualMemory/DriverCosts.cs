using KvCache.Cuda;
using KvCache.GpuCheck.Checks;
using KvCache.GpuCheck.Report;
using KvCache.Memory;

namespace KvCache.GpuCheck.VirtualMemory;

/// <summary>What the driver's calls for virtual memory cost the host.</summary>
internal sealed class DriverCosts : DriverCheck
{
    private const long BusyBytes = 256L << 20;

    public override string Name => "driver-costs";

    public override string Summary => "reserve, create, map, set access, unmap, release: median, 99th percentile, worst, for 1 chunk and for runs, device idle and busy";

    protected override void Check(CheckContext context, CudaDevice device) =>
        context.Report.Tables.Add(Run(device, context.Quick ? 50 : 1000, BusyBytes));

    /// <summary>Measures runs of 1, 16 and 64 chunks.</summary>
    /// <param name="device">The device.</param>
    /// <param name="calls">How many chunks are created for each row, at least.</param>
    /// <param name="busyBytes">How much is copied on the device beside the calls where it shall be busy.</param>
    public static CheckTable Run(CudaDevice device, int calls, long busyBytes)
    {
        long chunkBytes;
        using (CudaVirtualMemory memory = new(device, new CudaVirtualMemoryOptions { ChunkCapacity = 1 }))
        {
            chunkBytes = memory.ChunkBytes;
        }

        CheckTable table = new($"The driver's calls, chunks of {chunkBytes >> 10} KiB", "chunks of a run", "device", "call", "calls", "median, µs", "99 %, µs", "worst, µs");
        if (!device.TryAllocate(2 * busyBytes, out KvArena? arena))
        {
            throw new OutOfMemoryException($"{device.Name} has no {2 * busyBytes} bytes left.");
        }

        using (arena)
        {
            foreach (int chunks in (int[])[1, 16, 64])
            {
                Measure(device, table, "idle", chunks, chunkBytes, calls, null);
                if (device.Info.CanMapWhileRunning)
                {
                    Measure(
                        device, table, "busy", chunks, chunkBytes, calls, () => device.Copy([new KvCopy(arena.Address, arena.Address + (nint)busyBytes, busyBytes)]));
                    device.Synchronize();
                }
            }
        }

        table.Note = "Times by the host's clock around each call; a run is one call for access and for unmapping. Busy: a long copy within the device is under way.";
        return table;
    }

    private static void Measure(CudaDevice device, CheckTable table, string state, int chunks, long chunkBytes, int calls, Action? beforeRound)
    {
        DriverCalls driver = new(device);
        driver.Run(chunks, chunkBytes, Math.Max(4, calls / chunks), beforeRound);
        foreach ((string name, CallTimes times) in driver.Times)
        {
            table.Add(chunks, state, name, times.Count, times.MedianMicroseconds, times.Percentile99Microseconds, times.WorstMicroseconds);
        }
    }
}
