using KvCache.Memory.Mapping;

namespace KvCache.Tests.VirtualMemory;

/// <summary>A system that counts the calls that it may refuse, and refuses one of them.</summary>
internal sealed class RefusingMapper(ChunkMapper inner, int refusedCall) : ChunkMapper
{
    private int _calls;
    private int _refusals;

    public override string Name => inner.Name;

    public override nint WindowAddress => inner.WindowAddress;

    public int Calls => _calls;

    public int Refusals => _refusals;

    public override AddressRange? TryReserve(long bytes) => Grants() ? inner.TryReserve(bytes) : null;

    public override bool TryCreate(int first, int count) => Grants() && inner.TryCreate(first, count);

    public override void Destroy(int first, int count) => inner.Destroy(first, count);

    public override bool TryMap(AddressRange range, int place, int first, int count, bool writable) =>
        Grants() && inner.TryMap(range, place, first, count, writable);

    public override void Unmap(AddressRange range, int place, int count) => inner.Unmap(range, place, count);

    public override void Dispose() => inner.Dispose();

    private bool Grants()
    {
        bool granted = Interlocked.Increment(ref _calls) != refusedCall;
        _refusals += granted ? 0 : 1;
        return granted;
    }
}
