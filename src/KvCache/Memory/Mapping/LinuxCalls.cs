using System.Runtime.InteropServices;

namespace KvCache.Memory.Mapping;

/// <summary>The system calls behind host memory, and their constants. 64-bit only: offsets are as wide as pointers.</summary>
internal static partial class LinuxCalls
{
    public const nint MapFailed = -1;
    public const int ProtectNone = 0;
    public const int ProtectRead = 0x1;
    public const int ProtectReadWrite = 0x1 | 0x2;
    public const int MapShared = 0x1;
    public const int MapFixed = 0x10;
    public const int MapPopulate = 0x8000;
    public const int MapPrivateAnonymousNoReserve = 0x2 | 0x20 | 0x4000;
    public const int AdviseDontNeed = 4;
    public const int AdviseDontFork = 10;
    public const int AdviseHugePage = 14;
    public const int AdviseDontDump = 16;
    public const int AdviseCollapse = 25;
    public const uint MemfdCloseOnExecute = 0x1;
    public const uint MemfdAllowSealing = 0x2;
    public const uint MemfdNoExecute = 0x8;
    public const int AllocateKeepSizePunchHole = 0x1 | 0x2;
    public const int AddSeals = 1033;
    public const int SealSealShrinkGrow = 0x1 | 0x2 | 0x4;
    public const int NotPermitted = 1;
    public const int Interrupted = 4;
    public const int AccessDenied = 13;
    public const int InvalidArgument = 22;
    public const int NotImplemented = 38;

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    public static partial nint Map(nint address, nuint length, int protection, int flags, int descriptor, nint offset);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    public static partial nint Map(nint address, nuint length, int protection, int flags, SafeHandle descriptor, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    public static partial int Unmap(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    public static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    public static partial int Advise(nint address, nuint length, int advice);

    [LibraryImport("libc", EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int CreateMemoryFile(string name, uint flags);

    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    public static partial int SetLength(SafeHandle descriptor, nint length);

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    public static partial int Allocate(SafeHandle descriptor, int mode, nint offset, nint length);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    public static partial int Control(SafeHandle descriptor, int command, int argument);
}
