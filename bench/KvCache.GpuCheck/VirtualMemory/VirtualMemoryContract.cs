using KvCache.Cuda;
using KvCache.GpuCheck.Checks;
using KvCache.GpuCheck.Report;

namespace KvCache.GpuCheck.VirtualMemory;

/// <summary>Holds the driver's virtual memory to its contract: random calls, stamps written through one place and read through others.</summary>
internal sealed class VirtualMemoryContract : DriverCheck
{
    private const int Chunks = 32;

    public override string Name => "virtual-memory";

    public override string Summary => "random calls of CudaVirtualMemory against a model: the same bytes wherever a chunk is mapped, zeroed chunks, refusals, leaks";

    protected override void Check(CheckContext context, CudaDevice device) =>
        context.Report.Tables.Add(Run(device, context.Quick ? 2 : 10, 300, context.Report.Failures));

    /// <summary>Runs some programs, with and without chunks created ahead.</summary>
    public static CheckTable Run(CudaDevice device, int programs, int operations, List<string> failures)
    {
        CheckTable table = new("CudaVirtualMemory against a model", "chunks created ahead", "programs", "operations", "wrong");
        using StampPort port = new(device);
        foreach (int spare in (int[])[0, 8])
        {
            int done = 0;
            int wrong = 0;
            for (int seed = 0; seed < programs; seed++)
            {
                using CudaVirtualMemory memory = new(
                    device, new CudaVirtualMemoryOptions { ChunkCapacity = Chunks, SpareChunksLow = spare / 2, SpareChunksHigh = spare });
                MemoryModel model = new(memory, port, seed);
                model.Run(operations);
                done += model.Operations;
                wrong += model.Failures.Count;
                failures.AddRange(model.Failures);
            }

            table.Add(spare, programs, done, wrong);
        }

        return table;
    }
}
