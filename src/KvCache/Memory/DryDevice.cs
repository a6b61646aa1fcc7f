using System.Diagnostics.CodeAnalysis;

namespace KvCache.Memory;

/// <summary>A device of addresses without bytes, for planning and simulation: the real managers run on it at no memory cost.</summary>
/// <remarks>
/// Ranges are aligned, disjoint and never reused; reading or writing through them is an error that the processor
/// reports. Copies succeed at once. Any thread.
/// </remarks>
public sealed class DryDevice : IKvDevice
{
    // Addresses of a user process end at 2^47 on common systems: nothing is ever mapped from here on.
    private const long FirstAddress = 1L << 47;
    private const long Alignment = 2L << 20;
    private readonly Lock _gate = new();
    private readonly long _capacity;
    private long _allocated;
    private long _next = FirstAddress;

    /// <summary>Makes a device.</summary>
    /// <param name="capacityBytes">How much can be allocated at one time; at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacityBytes"/> is below 1.</exception>
    public DryDevice(long capacityBytes = long.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacityBytes, 1);
        _capacity = capacityBytes;
    }

    /// <inheritdoc/>
    public string Name => "dry";

    /// <inheritdoc/>
    public bool HasMemory => false;

    /// <summary>Gets the bytes allocated now.</summary>
    public long AllocatedBytes => Interlocked.Read(ref _allocated);

    /// <inheritdoc/>
    public bool TryAllocate(long bytes, [NotNullWhen(true)] out KvArena? arena)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1);
        arena = null;
        lock (_gate)
        {
            if (bytes > _capacity - _allocated || bytes > long.MaxValue - Alignment - _next)
            {
                return false;
            }

            arena = new DryArena(this, (nint)_next, bytes);
            _allocated += bytes;
            _next += (bytes + Alignment - 1) / Alignment * Alignment;
            return true;
        }
    }

    /// <inheritdoc/>
    public KvTransfer Copy(ReadOnlySpan<KvCopy> copies) => default;

    /// <inheritdoc/>
    public KvFence RecordFence() => default;

    private sealed class DryArena(DryDevice device, nint address, long length) : KvArena(address, length)
    {
        private bool _disposed;

        public override bool CanDecommit => true;

        protected override long DecommitCore(long offset, long bytes) => bytes;

        protected override void Dispose(bool disposing)
        {
            lock (device._gate)
            {
                device._allocated -= _disposed ? 0 : Length;
                _disposed = true;
            }
        }
    }
}
