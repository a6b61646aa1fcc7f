using System.Diagnostics.CodeAnalysis;
using KvCache.Cuda;
using KvCache.Gpu;
using KvCache.Memory;

namespace KvCache.GpuCheck.VirtualMemory;

/// <summary>What maps memory into the addresses of a device: the driver on CUDA, the system for the CPU accelerator.</summary>
internal sealed class MappedMemory : IDisposable
{
    private readonly CudaSession? _session;

    private MappedMemory(CudaSession? session) => _session = session;

    /// <summary>Answers why not where nothing maps memory.</summary>
    public static bool TryOpen(GpuDevice device, [NotNullWhen(true)] out MappedMemory? memory, out string reason)
    {
        bool found = CudaSession.TryOpen(device, out CudaSession? session, out reason);
        if (!found && device.IsHostAccessible)
        {
            found = HostVirtualMemory.IsSupported;
            reason = "this system maps no memory.";
        }

        memory = found ? new MappedMemory(session) : null;
        return found;
    }

    /// <summary>Makes a memory with room for groups of a geometry.</summary>
    /// <param name="countChunks">Says how many chunks of so many bytes are wanted.</param>
    public IVirtualMemory Create(Func<long, int> countChunks)
    {
        if (_session is null)
        {
            const long chunkBytes = 64 << 10;
            return new HostVirtualMemory(new HostVirtualMemoryOptions { ChunkBytes = chunkBytes, ChunkCapacity = countChunks(chunkBytes) });
        }

        long recommended;
        using (CudaVirtualMemory probe = new(_session.Device, new CudaVirtualMemoryOptions { ChunkCapacity = 1 }))
        {
            recommended = probe.ChunkBytes;
        }

        return new CudaVirtualMemory(_session.Device, new CudaVirtualMemoryOptions { ChunkBytes = recommended, ChunkCapacity = countChunks(recommended) });
    }

    public void Dispose() => _session?.Dispose();
}
