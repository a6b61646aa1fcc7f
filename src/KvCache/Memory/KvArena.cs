namespace KvCache.Memory;

/// <summary>A contiguous range of a device's memory. Dispose gives it back.</summary>
/// <remarks>
/// Disposing twice does nothing. An arena must outlive all work that uses it. Members may be called from any thread,
/// <see cref="IDisposable.Dispose"/> by one.
/// </remarks>
public abstract class KvArena : IDisposable
{
    /// <summary>Describes a range.</summary>
    /// <param name="address">The first byte, aligned to at least 64 bytes.</param>
    /// <param name="length">Bytes.</param>
    protected KvArena(nint address, long length)
    {
        Address = address;
        Length = length;
    }

    /// <summary>Gets the first byte's address on the device, aligned to at least 64 bytes.</summary>
    public nint Address { get; }

    /// <summary>Gets the length in bytes.</summary>
    public long Length { get; }

    /// <summary>Gets whether <see cref="Decommit"/> can give memory back.</summary>
    public abstract bool CanDecommit { get; }

    /// <summary>Gives the physical memory behind a part of the range back to the system; the addresses stay valid and read as zero.</summary>
    /// <remarks>Only whole system pages inside the part are given back.</remarks>
    /// <param name="offset">The part's first byte, from the start of the arena.</param>
    /// <param name="bytes">The part's length.</param>
    /// <returns>How many bytes were given back; 0 where the device cannot.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The part does not lie in the range.</exception>
    public long Decommit(long offset, long bytes)
    {
        if (offset < 0 || offset > Length)
        {
            throw new ArgumentOutOfRangeException(nameof(offset), offset, $"offset is {offset}; expected 0 … {Length}.");
        }

        if (bytes < 0 || bytes > Length - offset)
        {
            throw new ArgumentOutOfRangeException(nameof(bytes), bytes, $"bytes is {bytes}; expected 0 … {Length - offset}.");
        }

        return DecommitCore(offset, bytes);
    }

    /// <summary>Does what <see cref="Decommit"/> says, for a part that lies in the range.</summary>
    /// <param name="offset">The part's first byte, from the start of the arena.</param>
    /// <param name="bytes">The part's length.</param>
    /// <returns>How many bytes were given back; 0 where the device cannot.</returns>
    protected abstract long DecommitCore(long offset, long bytes);

    /// <summary>Gives the memory back.</summary>
    /// <param name="disposing">True from <see cref="Dispose()"/>, false from a finalizer.</param>
    protected abstract void Dispose(bool disposing);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }
}
