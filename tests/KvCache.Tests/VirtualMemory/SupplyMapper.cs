using KvCache.Memory.Mapping;

namespace KvCache.Tests.VirtualMemory;

/// <summary>A system that has so many chunks to give, and no more until it is told or given some back.</summary>
internal sealed class SupplyMapper(ChunkMapper inner) : ChunkMapper
{
    public override string Name => inner.Name;

    /// <summary>Gets or sets how many chunks are left.</summary>
    public int Left { get; set; }

    /// <summary>Gets or sets what goes wrong instead of an answer.</summary>
    public Exception? Failure { get; set; }

    public override AddressRange? TryReserve(long bytes) => inner.TryReserve(bytes);

    public override bool TryCreate(int first, int count)
    {
        if (Failure is not null)
        {
            throw Failure;
        }

        bool created = count <= Left && inner.TryCreate(first, count);
        Left -= created ? count : 0;
        return created;
    }

    public override void Destroy(int first, int count)
    {
        inner.Destroy(first, count);
        Left += count;
    }

    public override bool TryMap(AddressRange range, int place, int first, int count, bool writable) =>
        inner.TryMap(range, place, first, count, writable);

    public override void Unmap(AddressRange range, int place, int count) => inner.Unmap(range, place, count);

    public override void Dispose() => inner.Dispose();
}
