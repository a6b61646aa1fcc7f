using KvCache.Gpu.Devices;

namespace KvCache.Gpu;

/// <summary>Host memory that a device copies from and to directly, beside the processor's work. Dispose gives it back.</summary>
/// <remarks>
/// Pinned where the device's driver knows such memory (CUDA), plain memory elsewhere. Disposing waits for the device's work;
/// disposing twice does nothing. The members may be called from any thread, <see cref="Dispose"/> by one.
/// </remarks>
public sealed unsafe class GpuPinnedMemory : IDisposable
{
    private readonly GpuDevice _device;
    private readonly PinnedBlock _block;
    private bool _disposed;

    internal GpuPinnedMemory(GpuDevice device, PinnedBlock block)
    {
        _device = device;
        _block = block;
    }

    /// <summary>Gets the first byte's address, aligned to at least 64 bytes.</summary>
    public nint Address => _block.Address;

    /// <summary>Gets the length in bytes.</summary>
    public long Length => _block.Length;

    /// <summary>Gets a part as a span.</summary>
    /// <param name="offset">The part's first byte.</param>
    /// <param name="length">Its length in bytes.</param>
    /// <returns>The bytes in place; valid until <see cref="Dispose"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The part does not lie in the memory.</exception>
    /// <exception cref="ObjectDisposedException">The memory was given back.</exception>
    public Span<byte> AsSpan(long offset, int length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (offset < 0 || offset > Length)
        {
            throw new ArgumentOutOfRangeException(nameof(offset), offset, $"offset is {offset}; expected 0 … {Length}.");
        }

        if (length < 0 || length > Length - offset)
        {
            throw new ArgumentOutOfRangeException(nameof(length), length, $"length is {length}; expected 0 … {Length - offset}.");
        }

        return new Span<byte>((byte*)Address + offset, length);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _device.Release(_block);
        }
    }
}
