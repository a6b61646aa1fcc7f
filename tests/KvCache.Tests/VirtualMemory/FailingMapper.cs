using KvCache.Memory.Mapping;

namespace KvCache.Tests.VirtualMemory;

/// <summary>A system that grants some calls and refuses all after them.</summary>
internal sealed class FailingMapper(ChunkMapper inner, int calls) : ChunkMapper
{
    private int _left = calls;

    public override string Name => inner.Name;

    public override AddressRange? TryReserve(long bytes) => Grants() ? inner.TryReserve(bytes) : null;

    public override bool TryCreate(int first, int count) => Grants() && inner.TryCreate(first, count);

    public override void Destroy(int first, int count) => inner.Destroy(first, count);

    public override bool TryMap(AddressRange range, int place, int first, int count, bool writable) =>
        Grants() && inner.TryMap(range, place, first, count, writable);

    public override void Unmap(AddressRange range, int place, int count) => inner.Unmap(range, place, count);

    public override void Dispose() => inner.Dispose();

    private bool Grants() => _left-- > 0;
}
