using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace KvCache.Memory;

/// <summary>The process's own memory as a device: 64-byte aligned, zeroed, backed when touched, on huge pages where the system has them.</summary>
/// <remarks>
/// Copies are made by the calling thread before the call returns, so that every fence of this device has passed.
/// Any thread. It does not pin, lock or reserve physical memory, and does not bind to a NUMA node.
/// </remarks>
public sealed class HostDevice : IKvDevice
{
    /// <summary>Gets the one instance; the device has no state.</summary>
    public static HostDevice Instance { get; } = new();

    /// <inheritdoc/>
    public string Name => "host";

    /// <inheritdoc/>
    public bool HasMemory => true;

    /// <inheritdoc/>
    public bool TryAllocate(long bytes, [NotNullWhen(true)] out KvArena? arena)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1);
        arena = NativeRegion.TryAllocate(bytes) is { } region ? new HostArena(region) : null;
        return arena is not null;
    }

    /// <inheritdoc/>
    public unsafe KvTransfer Copy(ReadOnlySpan<KvCopy> copies)
    {
        foreach (KvCopy copy in copies)
        {
            Buffer.MemoryCopy((void*)copy.Source, (void*)copy.Destination, copy.Bytes, copy.Bytes);
        }

        return default;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public KvFence RecordFence() => default;

    private sealed class HostArena(NativeRegion region) : KvArena(region.Address, region.Length)
    {
        public override bool CanDecommit => NativeRegion.CanDecommit;

        protected override long DecommitCore(long offset, long bytes) => region.Decommit(offset, bytes);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                region.Dispose();
            }
        }
    }
}
