using KvCache;

namespace Replay.Footprints;

/// <summary>A manager, and the memory under it where that is not its own.</summary>
internal sealed record CacheOnDevice(IKvAllocator Allocator, IDisposable? Memory = null) : IDisposable
{
    public void Dispose()
    {
        Allocator.Dispose();
        Memory?.Dispose();
    }
}
