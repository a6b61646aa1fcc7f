using KvCache.Memory;
using KvCache.Specs.VirtualMemory;
using Xunit;

namespace KvCache.Tests.VirtualMemory;

public sealed class HostVirtualMemoryContractTests : KvVirtualMemoryContract
{
    protected override IVirtualMemory CreateMemory(int chunkCapacity)
    {
        HostMemory.SkipUnlessSupported();
        return new HostVirtualMemory(new HostVirtualMemoryOptions { ChunkCapacity = chunkCapacity, ChunkBytes = HostMemory.ChunkBytes });
    }
}
