using KvCache.Memory;
using Xunit;

namespace KvCache.Tests.VirtualMemory;

internal static class HostMemory
{
    public const long ChunkBytes = 64L << 10;

    public static void SkipUnlessSupported() =>
        Assert.SkipUnless(HostVirtualMemory.IsSupported, Missing);

    public static void SkipUnlessLinux()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux shows a process's mappings as files.");
        SkipUnlessSupported();
    }

    private static string Missing => KvCache.Memory.Mapping.HostPlatform.Missing ?? "Nothing is missing.";
}
