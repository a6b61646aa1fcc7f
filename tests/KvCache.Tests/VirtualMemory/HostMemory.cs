using KvCache.Memory;
using KvCache.Memory.Mapping;
using Xunit;

namespace KvCache.Tests.VirtualMemory;

internal static class HostMemory
{
    public const long ChunkBytes = 64L << 10;

    public static HostVirtualMemoryOptions Options(int chunkCapacity) => new() { ChunkCapacity = chunkCapacity, ChunkBytes = ChunkBytes };

    public static void SkipUnlessSupported() => Assert.SkipUnless(HostVirtualMemory.IsSupported, HostPlatform.Missing ?? "Nothing is missing.");

    public static void SkipUnlessLinux()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux shows a process's mappings as files.");
        SkipUnlessSupported();
    }
}
