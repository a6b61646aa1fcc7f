using KvCache.Memory;

namespace KvCache.Cuda.Tests.Check;

/// <summary>A virtual memory with a fault planted in it.</summary>
public sealed class PlantedMemory : IVirtualMemory
{
    private readonly IVirtualMemory _inner;
    private readonly Fault _fault;
    private readonly HashSet<int> _kept = [];
    private int _calls;

    public PlantedMemory(IVirtualMemory inner, Fault fault) => (_inner, _fault) = (inner, fault);

    public enum Fault
    {
        /// <summary>Every tenth run is mapped in the wrong order, or another chunk in place of one.</summary>
        SwapsChunks,

        /// <summary>A chunk that was destroyed comes back with its bytes.</summary>
        KeepsOldBytes,

        /// <summary>Destroyed chunks are still counted.</summary>
        ForgetsToDestroy,

        /// <summary>Mapping over a mapped chunk is answered as if it had been done.</summary>
        MapsTwice,
    }

    public string Name => _inner.Name;

    public IKvDevice Device => _inner.Device;

    public long ChunkBytes => _inner.ChunkBytes;

    public int ChunkCapacity => _inner.ChunkCapacity;

    public int CreatedChunks => _inner.CreatedChunks - (_fault == Fault.KeepsOldBytes ? _kept.Count : 0);

    public int MappingBudget => _inner.MappingBudget;

    public bool TryReserve(long bytes, out nint address) => _inner.TryReserve(bytes, out address);

    public void Release(nint address, long bytes) => _inner.Release(address, bytes);

    public bool TryCreate(ReadOnlySpan<int> chunks)
    {
        int[] absent = [.. chunks.ToArray().Where(chunk => !_kept.Remove(chunk))];
        return _inner.TryCreate(absent);
    }

    public void Destroy(ReadOnlySpan<int> chunks)
    {
        switch (_fault)
        {
            case Fault.KeepsOldBytes:
                _kept.UnionWith(chunks.ToArray());
                break;
            case Fault.ForgetsToDestroy:
                break;
            default:
                _inner.Destroy(chunks);
                break;
        }
    }

    public bool TryMap(nint address, ReadOnlySpan<int> chunks, bool writable)
    {
        int[] mapped = chunks.ToArray();
        if (_fault == Fault.SwapsChunks && ++_calls % 10 == 0 && mapped.Length > 1)
        {
            Array.Reverse(mapped);
        }

        try
        {
            return _inner.TryMap(address, mapped, writable);
        }
        catch (ArgumentException) when (_fault == Fault.MapsTwice)
        {
            return true;
        }
    }

    public void Unmap(nint address, int count) => _inner.Unmap(address, count);

    public KvFence RecordFence() => _inner.RecordFence();

    public void Dispose() => _inner.Dispose();
}
