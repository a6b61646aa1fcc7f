using KvCache.Memory;
using KvCache.Specs.Devices;
using KvCache.Specs.VirtualMemory;

namespace KvCache.Cuda.Tests.Contract;

/// <summary>What every virtual memory promises, on the simulated driver.</summary>
public sealed class CudaVirtualMemoryContractTests : KvVirtualMemoryContract, IDisposable
{
    private readonly Simulated _simulated = Simulated.Eager();

    protected override IVirtualMemory CreateMemory(int chunkCapacity) =>
        new CudaVirtualMemory(_simulated.Device, new CudaVirtualMemoryOptions { ChunkCapacity = chunkCapacity });

    void IDisposable.Dispose()
    {
        Dispose();
        _simulated.Dispose();
    }
}

/// <summary>The same with chunks created ahead by another thread.</summary>
public sealed class CudaVirtualMemoryWithSpareChunksContractTests : KvVirtualMemoryContract, IDisposable
{
    private readonly Simulated _simulated = Simulated.Eager();

    protected override IVirtualMemory CreateMemory(int chunkCapacity) => new CudaVirtualMemory(
        _simulated.Device, new CudaVirtualMemoryOptions { ChunkCapacity = chunkCapacity, SpareChunksLow = 2, SpareChunksHigh = 4 });

    void IDisposable.Dispose()
    {
        Dispose();
        _simulated.Dispose();
    }
}

/// <summary>The same on this machine's GPU.</summary>
public sealed class CudaVirtualMemoryOnGpuContractTests : KvVirtualMemoryContract, IDisposable
{
    private readonly Gpu _gpu = new();

    protected override IVirtualMemory CreateMemory(int chunkCapacity) =>
        new CudaVirtualMemory(_gpu.Device, new CudaVirtualMemoryOptions { ChunkCapacity = chunkCapacity });

    protected override DeviceMemory BytesOf(IVirtualMemory memory) => _gpu.Bytes;

    void IDisposable.Dispose()
    {
        Dispose();
        _gpu.Dispose();
    }
}
