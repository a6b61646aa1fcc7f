using KvCache.Memory;
using KvCache.Memory.Mapping;
using KvCache.Specs.VirtualMemory;

namespace KvCache.Tests.VirtualMemory;

public sealed class HostVirtualMemoryContractTests : KvVirtualMemoryContract
{
    protected override IVirtualMemory CreateMemory(int chunkCapacity)
    {
        HostMemory.SkipUnlessSupported();
        return new HostVirtualMemory(HostMemory.Options(chunkCapacity));
    }

    protected override IVirtualMemory? CreateLimitedMemory(int chunkCapacity, int mappings)
    {
        HostMemory.SkipUnlessSupported();
        return new HostVirtualMemory(HostMemory.Options(chunkCapacity), HostPlatform.Open, new MappingLimit(mappings));
    }

    protected override IVirtualMemory? CreateFailingMemory(int chunkCapacity, int calls)
    {
        HostMemory.SkipUnlessSupported();
        return new HostVirtualMemory(
            HostMemory.Options(chunkCapacity),
            (options, capacity, bytes) => new FailingMapper(HostPlatform.Open(options, capacity, bytes), calls),
            MappingLimit.None);
    }
}
