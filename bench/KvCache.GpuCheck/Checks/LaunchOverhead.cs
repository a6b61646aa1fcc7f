using System.Diagnostics;
using KvCache.Gpu;
using KvCache.GpuCheck.Report;
using KvCache.GpuCheck.Workloads;

namespace KvCache.GpuCheck.Checks;

/// <summary>What a call costs the processor's thread that submits it.</summary>
internal sealed class LaunchOverhead : IGpuCheck
{
    private const int Calls = 64;

    public string Name => "launch";

    public string Summary => "host time and managed bytes of submitting a call";

    public void Run(CheckContext context)
    {
        AttentionShape shape = new(8, 8, 64, 64, KvElementType.Float16, 16);
        bool small = context.Device.Info.Kind == GpuDeviceKind.CpuAccelerator;
        using TimedScene scene = TimedScene.Create(context.Device, shape, rows: 1, cached: small ? 8 : 200, added: 1)
            ?? throw new OutOfMemoryException($"{context.Device.Name} has no memory for the smallest of scenes.");
        CheckTable table = new("Submitting a call, on the host", "call", "µs", "managed bytes");
        Add(table, context, "Append", scene.Append);
        Add(table, context, "Attend, one row", scene.Attend);
        context.Report.Tables.Add(table);
    }

    private static void Add(CheckTable table, CheckContext context, string name, Action<int> call)
    {
        double[] microseconds = new double[context.Rounds];
        call(0);
        call(1);
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        for (int round = 0; round < microseconds.Length; round++)
        {
            context.Device.Synchronize();
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < Calls; i++)
            {
                call(i);
            }

            microseconds[round] = Stopwatch.GetElapsedTime(start).TotalMicroseconds / Calls;
        }

        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        Array.Sort(microseconds);
        table.Add(name, microseconds[microseconds.Length / 2], (double)allocated / (Calls * microseconds.Length));
    }
}
