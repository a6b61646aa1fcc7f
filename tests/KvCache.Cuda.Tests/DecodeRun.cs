using KvCache.Cuda.Driver;
using KvCache.Cuda.Simulation;
using KvCache.Specs;
using KvCache.Virtual;
using Xunit;

namespace KvCache.Cuda.Tests;

/// <summary>Decodes a batch step by step; counts what the steps themselves cost, and not what happens beside them.</summary>
internal sealed class DecodeRun(Simulated simulated, CudaVirtualMemory memory, VirtualKvAllocator allocator)
{
    private const int Batch = 8;
    private readonly KvSequence[] _sequences = new KvSequence[Batch];
    private readonly KvRow[] _rows = new KvRow[Batch];

    /// <summary>Opens new sequences in place of the last ones, and has each grow by some tokens.</summary>
    public Spent Decode(CacheFixture cache, int generation, int steps)
    {
        for (int i = 0; i < Batch; i++)
        {
            _sequences[i]?.Dispose();
            _sequences[i] = cache.Open([generation, i, 2, 3]);
            _rows[i] = new KvRow(_sequences[i], 1);
        }

        cache.Compute(_sequences);
        Spent spent = new(simulated.Driver);
        for (int i = 0; i < steps; i++)
        {
            TimeSpan all = simulated.Driver.Elapsed;
            TimeSpan start = simulated.Driver.ElapsedOfThisThread;
            long allocated = GC.GetAllocatedBytesForCurrentThread();
            int refused = Step(i);
            spent.AllocatedBytes += GC.GetAllocatedBytesForCurrentThread() - allocated;
            Assert.Equal(0, refused);
            TimeSpan kept = simulated.Driver.ElapsedOfThisThread - start;

            // Other threads finish what the step has begun, as they would while the device computes.
            allocator.Trim(0);
            memory.WaitForSpareChunks();
            simulated.Driver.RunPendingWork();
            spent.Add(kept, simulated.Driver.Elapsed - all - kept);
        }

        return spent;
    }

    private int Step(int token)
    {
        int refused = 0;
        foreach (KvSequence sequence in _sequences)
        {
            refused += sequence.TryAppend([token], out _) ? 0 : 1;
        }

        using KvStep step = allocator.BeginStep(_rows);
        for (int layer = 0; layer < allocator.Geometry.LayerCount; layer++)
        {
            step.Enter(layer);
            step.Leave(layer);
        }

        step.Complete();
        return refused;
    }

    /// <summary>What the steps have cost their own thread.</summary>
    internal sealed class Spent(SimulatedCudaDriver driver)
    {
        private readonly Dictionary<string, long> _before = Enum.GetNames<CudaEntryPoint>().ToDictionary(name => name, driver.CountCallsOfThisThread);

        public long AllocatedBytes { get; set; }

        /// <summary>The longest that the driver has kept a step, on the virtual clock.</summary>
        public TimeSpan Worst { get; private set; }

        public TimeSpan Total { get; private set; }

        /// <summary>The longest that other threads had to do with the driver behind one step.</summary>
        public TimeSpan WorstBeside { get; private set; }

        public void Add(TimeSpan kept, TimeSpan beside)
        {
            Total += kept;
            Worst = kept > Worst ? kept : Worst;
            WorstBeside = beside > WorstBeside ? beside : WorstBeside;
        }

        public long Calls(string entryPoint) => driver.CountCallsOfThisThread(entryPoint) - _before[entryPoint];
    }
}
