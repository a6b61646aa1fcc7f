using KvCache.Memory;

namespace KvCache.Benchmarks.Workloads;

/// <summary>Memory from the same device as the cache's, so that every contestant reads the same kind of pages.</summary>
internal sealed unsafe class HostBuffer : IDisposable
{
    private readonly KvArena _arena;

    public HostBuffer(long bytes)
    {
        Bytes = bytes;
        _arena = HostDevice.Instance.TryAllocate(bytes, out KvArena? arena)
            ? arena
            : throw new InsufficientMemoryException($"The benchmark needs {bytes} bytes more than there are.");
    }

    public long Bytes { get; }

    public nint Address => _arena.Address;

    public static HostBuffer Of<T>(long count)
        where T : unmanaged => new(count * sizeof(T));

    public static HostBuffer Of<T>(ReadOnlySpan<T> content)
        where T : unmanaged
    {
        HostBuffer buffer = Of<T>(content.Length);
        content.CopyTo(buffer.Span<T>());
        return buffer;
    }

    public Span<T> Span<T>()
        where T : unmanaged => Span<T>(0, checked((int)(Bytes / sizeof(T))));

    public Span<T> Span<T>(long first, int count)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((first + count) * sizeof(T), Bytes, nameof(count));
        return new Span<T>((T*)Address + first, count);
    }

    public void Dispose() => _arena.Dispose();
}
