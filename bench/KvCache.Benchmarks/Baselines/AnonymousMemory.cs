using System.Runtime.InteropServices;

namespace KvCache.Benchmarks.Baselines;

/// <summary>Memory of the process's own, mapped and unmapped, as on Linux.</summary>
internal static partial class AnonymousMemory
{
    private const int ReadWrite = 0x1 | 0x2;
    private const int PrivateAnonymous = 0x2 | 0x20;

    public static nint Map(nint bytes) => Map(0, bytes, ReadWrite, PrivateAnonymous, -1, 0);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    public static partial int Unmap(nint address, nint bytes);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Map(nint address, nint bytes, int protection, int flags, int descriptor, nint offset);
}
