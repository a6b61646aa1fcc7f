using KvCache.Cuda.Simulation;
using KvCache.Memory;
using Xunit;

namespace KvCache.Cuda.Tests;

public sealed unsafe class CudaVirtualMemoryTests
{
    [Fact]
    public void A_chunk_mapped_twice_shows_the_same_bytes_and_all_is_given_back()
    {
        using SimulatedCudaDriver simulator = new(new SimulatedCudaOptions { HasMemory = true, GranularityBytes = 64 << 10 });
        using (CudaDevice device = CudaDevice.Open(simulator.Driver))
        using (CudaVirtualMemory memory = new(device))
        {
            Assert.True(memory.TryReserve(4 * memory.ChunkBytes, out nint address));
            Assert.True(memory.TryCreate([0, 1]));
            Assert.True(memory.TryMap(address, [0, 1, 0], writable: true));
            *(long*)address = 42;
            Assert.Equal(42, *(long*)(address + (nint)(2 * memory.ChunkBytes)));
            Assert.Equal(0, *(long*)(address + (nint)memory.ChunkBytes));
            memory.RecordFence().Wait();
            memory.Unmap(address, 3);
            memory.Destroy([0, 1]);
            memory.Release(address, 4 * memory.ChunkBytes);
        }

        simulator.CheckLeaks();
    }
}
