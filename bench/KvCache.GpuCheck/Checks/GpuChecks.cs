using KvCache.GpuCheck.VirtualMemory;

namespace KvCache.GpuCheck.Checks;

/// <summary>All checks, in the order in which they run: what is right first, what is fast after it.</summary>
internal static class GpuChecks
{
    public static IReadOnlyList<IGpuCheck> All { get; } =
    [
        new DeviceFacts(), new AppendCorrectness(), new AttentionCorrectness(), new TensorCorrectness(),
        new CopyBandwidth(), new HostCopyBandwidth(), new PageCopies(), new AppendSpeed(), new DecodeSpeed(), new PrefillSpeed(), new LaunchOverhead(),
        .. VirtualMemoryChecks.All,
    ];
}
