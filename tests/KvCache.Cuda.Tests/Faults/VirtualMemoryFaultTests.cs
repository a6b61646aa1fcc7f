using KvCache.Cuda.Simulation;
using Xunit;

namespace KvCache.Cuda.Tests.Faults;

public sealed class VirtualMemoryFaultTests
{
    [Theory]
    [InlineData(CudaError.OutOfMemory, 0)]
    [InlineData(CudaError.Unknown, 0)]
    [InlineData(CudaError.InvalidValue, 0)]
    [InlineData(CudaError.OutOfMemory, 3)]
    [InlineData(CudaError.Unknown, 3)]
    public void A_fault_at_any_call_changes_nothing_and_loses_nothing(CudaError error, int spare) =>
        FaultAtEveryCall.Run(simulator => Run(simulator, spare), error);

    private static void Run(SimulatedCudaDriver simulator, int spare)
    {
        CudaDevice? device = null;
        CudaVirtualMemory? memory = null;
        try
        {
            device = CudaDevice.Open(simulator.Driver);
            memory = new CudaVirtualMemory(device, new CudaVirtualMemoryOptions { ChunkCapacity = 64, SpareChunksLow = spare / 2, SpareChunksHigh = spare });
            memory.WaitForSpareChunks(); // the calls of the other thread fall where the script expects them
            Run(simulator, memory);
        }
        catch (CudaException exception)
        {
            // Where something is made, and where a thread's first call cannot make the context current.
            Assert.False(exception.IsSticky);
        }
        finally
        {
            FaultAtEveryCall.Dispose(memory);
            FaultAtEveryCall.Dispose(device);
        }
    }

    private static void Run(SimulatedCudaDriver simulator, CudaVirtualMemory memory)
    {
        MemoryScript script = new(simulator, memory);
        nint first = script.Reserve(20);
        nint second = script.Reserve(8);
        nint step = (nint)script.ChunkBytes;
        Create(0, 1, 2);
        Create([.. Enumerable.Range(3, 18)]); // more than one batch
        script.Map(first, writable: true, 0, 1, 2);
        script.Map(first + (3 * step), writable: true, 5);
        script.Map(second, writable: false, 0, 1, 0); // a shared prefix
        script.Unmap(first + step, 1);
        script.Map(first + step, writable: true, 6); // copied on write
        script.Unmap(second, 3);
        script.Destroy(7, 8, 9);
        script.Unmap(first, 4);
        script.Map(first, writable: true, 10, 11, 12, 13);
        script.Release(second);
        Create(7, 30);
        script.Map(first + (4 * step), writable: true, 7, 30);
        script.Destroy(0, 1, 2);
        Assert.InRange(script.Refusals, 0, 1);

        void Create(params int[] chunks)
        {
            script.Create(chunks);
            memory.WaitForSpareChunks();
        }
    }
}
