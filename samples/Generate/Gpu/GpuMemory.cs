using ILGPU;
using KvCache.Gpu;
using KvCache.Memory;

namespace Generate.Gpu;

/// <summary>Memory of a device, and how values come there and back.</summary>
internal static unsafe class GpuMemory
{
    /// <exception cref="GenerateException">The device has not that much.</exception>
    public static KvArena Allocate(GpuDevice device, long bytes) => device.TryAllocate(bytes, out KvArena? arena)
        ? arena
        : throw new GenerateException(
            $"Device {device.Info} has no {bytes} bytes left beside the {device.AllocatedBytes} that are in use; " +
            "take a smaller model or less memory for the cache.");

    public static ArrayView<TValue> View<TValue>(GpuDevice device, KvArena arena, long count)
        where TValue : unmanaged => device.View(arena.Address, count * sizeof(TValue)).Cast<TValue>();

    /// <summary>Brings values to the device; they have been read when the call returns.</summary>
    public static void Upload<TValue>(GpuDevice device, ReadOnlySpan<TValue> values, nint destination)
        where TValue : unmanaged
    {
        fixed (TValue* source = values)
        {
            Wait(device, device.CopyToDevice([new KvCopy((nint)source, destination, (long)values.Length * sizeof(TValue))]));
        }
    }

    /// <summary>Brings values back, once everything before has been computed.</summary>
    public static void Download<TValue>(GpuDevice device, nint source, Span<TValue> values)
        where TValue : unmanaged
    {
        fixed (TValue* destination = values)
        {
            Wait(device, device.CopyToHost([new KvCopy(source, (nint)destination, (long)values.Length * sizeof(TValue))]));
        }
    }

    private static void Wait(GpuDevice device, KvTransfer transfer)
    {
        if (!transfer.Wait())
        {
            throw new GenerateException($"Device {device.Info}: a copy has failed. {device.LastError?.Message}");
        }
    }
}
