using System.Runtime.InteropServices;

namespace KvCache.Memory;

/// <summary>A zeroed, lazily backed range of process memory, on huge pages where the system has them.</summary>
/// <remarks>
/// Costs address space until it is touched. Linux: anonymous <c>mmap</c> with <c>MADV_HUGEPAGE</c> on ranges of at
/// least one huge page, because first touch of 4 KiB pages costs eight times as much. Elsewhere: zeroed memory
/// from the C runtime.
/// </remarks>
internal sealed unsafe partial class NativeRegion : SafeHandle
{
    public const int Alignment = 64;
    private const long HugePageBytes = 2L << 20;
    private readonly nuint _mappedLength;

    private NativeRegion(nint start, nint address, long length, nuint mappedLength)
        : base(0, ownsHandle: true)
    {
        SetHandle(start);
        Address = address;
        Length = length;
        _mappedLength = mappedLength;
    }

    public static bool CanDecommit => OperatingSystem.IsLinux();

    public nint Address { get; }

    public long Length { get; }

    public override bool IsInvalid => handle == 0;

    /// <summary>Asks for a region; null where the system has not that much address space or memory.</summary>
    public static NativeRegion? TryAllocate(long length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        return OperatingSystem.IsLinux() ? TryMap(length) : TryAllocateZeroed(length);
    }

    /// <summary>Gives whole pages inside a part back to the system; they read as zero afterwards.</summary>
    public long Decommit(long offset, long bytes)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        if (!CanDecommit)
        {
            return 0;
        }

        long page = Environment.SystemPageSize;
        long first = RoundUp(Address + offset, page);
        long last = (Address + offset + bytes) / page * page;
        return last > first && Linux.Advise((nint)first, (nuint)(last - first), Linux.AdviseDontNeed) == 0 ? last - first : 0;
    }

    protected override bool ReleaseHandle()
    {
        if (_mappedLength > 0)
        {
            return Linux.Unmap(handle, _mappedLength) == 0;
        }

        NativeMemory.Free((void*)handle);
        return true;
    }

    private static NativeRegion? TryMap(long length)
    {
        // One huge page more than asked for, so that the start can be aligned to a huge page.
        bool huge = length >= HugePageBytes;
        if (length > long.MaxValue - HugePageBytes)
        {
            return null;
        }

        long padded = huge ? length + HugePageBytes : length;
        nint start = Linux.Map(
            0, (nuint)padded, Linux.ProtectReadWrite, Linux.MapPrivateAnonymousNoReserve, -1, 0);
        if (start == -1)
        {
            return null;
        }

        nint address = huge ? (nint)RoundUp(start, HugePageBytes) : start;
        if (huge)
        {
            _ = Linux.Advise(address, (nuint)length, Linux.AdviseHugePage);
        }

        return new NativeRegion(start, address, length, (nuint)padded);
    }

    /// <summary>The way of systems other than Linux, which works everywhere.</summary>
    internal static NativeRegion? TryAllocateZeroed(long length)
    {
        try
        {
            // Large zeroed allocations come straight from the system, which backs them when they are touched.
            nint start = (nint)NativeMemory.AllocZeroed(checked((nuint)length + Alignment));
            return new NativeRegion(start, (nint)RoundUp(start, Alignment), length, 0);
        }
        catch (Exception exception) when (exception is OutOfMemoryException or OverflowException)
        {
            return null;
        }
    }

    private static long RoundUp(long value, long multiple) => (value + multiple - 1) / multiple * multiple;

    private static partial class Linux
    {
        public const int ProtectReadWrite = 0x1 | 0x2;
        public const int MapPrivateAnonymousNoReserve = 0x2 | 0x20 | 0x4000;
        public const int AdviseDontNeed = 4;
        public const int AdviseHugePage = 14;

        [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
        public static partial nint Map(nint address, nuint length, int protection, int flags, int descriptor, nint offset);

        [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
        public static partial int Unmap(nint address, nuint length);

        [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
        public static partial int Advise(nint address, nuint length, int advice);
    }
}
