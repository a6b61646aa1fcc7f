using System.Diagnostics.CodeAnalysis;
using KvCache.Memory;

namespace KvCache.Tests.Attention;

/// <summary>A device with memory of its own, which the processor is told not to touch.</summary>
internal sealed class FarDevice : IKvDevice
{
    public string Name => "far away";

    public bool HasMemory => true;

    public bool IsHostAccessible => false;

    public bool TryAllocate(long bytes, [NotNullWhen(true)] out KvArena? arena) => HostDevice.Instance.TryAllocate(bytes, out arena);

    public KvTransfer Copy(ReadOnlySpan<KvCopy> copies) => HostDevice.Instance.Copy(copies);

    public KvFence RecordFence() => default;
}
