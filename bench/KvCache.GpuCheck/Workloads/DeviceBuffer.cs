using System.Runtime.InteropServices;
using KvCache.Attention;
using KvCache.Gpu;
using KvCache.Memory;

namespace KvCache.GpuCheck.Workloads;

/// <summary>Memory of a device with copies from and to the host: operands and results.</summary>
internal sealed class DeviceBuffer : IDisposable
{
    private readonly GpuDevice _device;
    private readonly KvArena _arena;

    public DeviceBuffer(GpuDevice device, long bytes)
    {
        _device = device;
        _arena = device.TryAllocate(Math.Max(1, bytes), out KvArena? arena)
            ? arena
            : throw new OutOfMemoryException($"{device.Name} has no {bytes} bytes left.");
    }

    public nint Address => _arena.Address;

    public long Length => _arena.Length;

    /// <summary>Makes a buffer with these elements.</summary>
    public static DeviceBuffer Of<T>(GpuDevice device, ReadOnlySpan<T> elements)
        where T : unmanaged
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(elements);
        DeviceBuffer buffer = new(device, bytes.Length);
        Write(device, buffer.Address, bytes);
        return buffer;
    }

    /// <summary>Copies bytes to the device and waits.</summary>
    public static void Write(GpuDevice device, nint address, ReadOnlySpan<byte> bytes)
    {
        using GpuPinnedMemory pinned = Pin(device, bytes.Length);
        bytes.CopyTo(pinned.AsSpan(0, bytes.Length));
        Finish(device, device.CopyToDevice([new KvCopy(pinned.Address, address, bytes.Length)]));
    }

    /// <summary>Copies bytes from the device and waits.</summary>
    public static byte[] Read(GpuDevice device, nint address, int bytes)
    {
        using GpuPinnedMemory pinned = Pin(device, bytes);
        Finish(device, device.CopyToHost([new KvCopy(address, pinned.Address, bytes)]));
        return pinned.AsSpan(0, bytes).ToArray();
    }

    /// <summary>Writes a pattern again and again over a range: the rest is copied from what has been written.</summary>
    public static void Fill(GpuDevice device, nint address, long bytes, ReadOnlySpan<byte> pattern)
    {
        long done = Math.Min(bytes, pattern.Length);
        Write(device, address, pattern[..(int)done]);
        for (long next; done < bytes; done += next)
        {
            next = Math.Min(done, bytes - done);
            Finish(device, device.Copy([new KvCopy(address, address + (nint)done, next)]));
        }
    }

    /// <summary>The buffer as an operand of attention: float32, tokens one after the other.</summary>
    public KvTensor AsTensor(int tokens, int heads, int headDim) => new(Address, tokens, heads, headDim);

    public float[] ReadFloats() => MemoryMarshal.Cast<byte, float>(Read(_device, Address, checked((int)Length))).ToArray();

    public void Dispose() => _arena.Dispose();

    private static GpuPinnedMemory Pin(GpuDevice device, long bytes) =>
        device.TryAllocatePinned(bytes, out GpuPinnedMemory? memory)
            ? memory
            : throw new OutOfMemoryException($"The host has no {bytes} bytes of pinned memory left.");

    private static void Finish(GpuDevice device, KvTransfer transfer)
    {
        if (!transfer.Wait())
        {
            throw (Exception?)device.LastError ?? new IOException($"A copy on {device.Name} has failed.");
        }
    }
}
