using System.Diagnostics.CodeAnalysis;
using KvCache.Memory;

namespace KvCache.Gpu.Tests.Devices;

/// <summary>A GPU that has always finished when a step ends, as the suites about books expect of a device that they do not hold back.</summary>
internal sealed class SettledDevice(GpuDevice inner) : IKvDevice, IHostLink
{
    public GpuDevice Inner => inner;

    public string Name => inner.Name;

    public bool HasMemory => inner.HasMemory;

    public bool IsHostAccessible => inner.IsHostAccessible;

    public bool TryAllocate(long bytes, [NotNullWhen(true)] out KvArena? arena) => inner.TryAllocate(bytes, out arena);

    public KvTransfer Copy(ReadOnlySpan<KvCopy> copies) => inner.Copy(copies);

    public KvTransfer CopyToDevice(ReadOnlySpan<KvCopy> copies) => inner.CopyToDevice(copies);

    public KvTransfer CopyToHost(ReadOnlySpan<KvCopy> copies) => inner.CopyToHost(copies);

    public KvFence RecordFence()
    {
        KvFence fence = inner.RecordFence();
        fence.Wait();
        return fence;
    }
}
