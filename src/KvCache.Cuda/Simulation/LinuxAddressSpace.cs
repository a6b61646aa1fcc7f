using System.Runtime.InteropServices;

namespace KvCache.Cuda.Simulation;

/// <summary>Addresses of this process: reserved as inaccessible, backed by one sparse memory file, protected as the device would.</summary>
internal sealed unsafe partial class LinuxAddressSpace : SimulatedAddressSpace
{
    private const byte Poison = 0xDB;
    private const long FileBytes = 1L << 44;
    private readonly Dictionary<ulong, ulong> _reserved = [];
    private readonly int _file;
    private ulong _nextPhysical;

    public LinuxAddressSpace()
    {
        _file = Linux.CreateMemoryFile("kv-simulated-device", Linux.CloseOnExecute);
        if (_file < 0 || Linux.SetLength(_file, FileBytes) != 0)
        {
            throw new PlatformNotSupportedException($"A simulated device with memory needs memfd_create; it failed with error {Marshal.GetLastPInvokeError()}.");
        }
    }

    public override bool HasMemory => true;

    public override ulong Reserve(ulong bytes, ulong alignment)
    {
        ulong padded = bytes + alignment;
        nint start = padded < bytes ? -1 : Linux.Map(0, (nuint)padded, Linux.ProtectNone, Linux.PrivateAnonymousNoReserve, -1, 0);
        if (start == -1)
        {
            return 0;
        }

        ulong first = (ulong)start;
        ulong address = (first + alignment - 1) & ~(alignment - 1);
        GiveBack(first, address - first);
        GiveBack(address + bytes, first + padded - (address + bytes));
        _reserved.Add(address, bytes);
        return address;
    }

    public override void Free(ulong address, ulong bytes)
    {
        _reserved.Remove(address);
        GiveBack(address, bytes);
    }

    public override bool TryCreate(ulong bytes, out ulong physical)
    {
        physical = _nextPhysical;
        nint window = Linux.Map(0, (nuint)bytes, Linux.ProtectRead | Linux.ProtectWrite, Linux.Shared, _file, (nint)physical);
        if (window == -1)
        {
            return false;
        }

        NativeMemory.Fill((void*)window, (nuint)bytes, Poison);
        GiveBack((ulong)window, bytes);
        _nextPhysical += bytes;
        return true;
    }

    public override void Destroy(ulong physical, ulong bytes) =>
        _ = Linux.Allocate(_file, Linux.PunchHole | Linux.KeepSize, (nint)physical, (nint)bytes);

    public override bool TryMap(ulong address, ulong bytes, ulong physical) =>
        Linux.Map((nint)address, (nuint)bytes, Linux.ProtectNone, Linux.Shared | Linux.Fixed, _file, (nint)physical) != -1;

    public override void Unmap(ulong address, ulong bytes) =>
        _ = Linux.Map((nint)address, (nuint)bytes, Linux.ProtectNone, Linux.PrivateAnonymousNoReserve | Linux.Fixed, -1, 0);

    public override void Protect(ulong address, ulong bytes, bool read, bool write) => _ = Linux.Protect(
        (nint)address, (nuint)bytes, (read ? Linux.ProtectRead : Linux.ProtectNone) | (write ? Linux.ProtectWrite : Linux.ProtectNone));

    public override void Copy(ulong destination, ulong source, ulong bytes) =>
        Buffer.MemoryCopy((void*)source, (void*)destination, bytes, bytes);

    public override void Fill(ulong destination, byte value, ulong bytes) => NativeMemory.Fill((void*)destination, (nuint)bytes, value);

    protected override void Dispose(bool disposing)
    {
        foreach ((ulong address, ulong bytes) in _reserved)
        {
            GiveBack(address, bytes);
        }

        _reserved.Clear();
        _ = Linux.Close(_file);
    }

    private static void GiveBack(ulong address, ulong bytes)
    {
        if (bytes > 0)
        {
            _ = Linux.Unmap((nint)address, (nuint)bytes);
        }
    }

    private static partial class Linux
    {
        public const int ProtectNone = 0;
        public const int ProtectRead = 1;
        public const int ProtectWrite = 2;
        public const int Shared = 0x1;
        public const int Fixed = 0x10;
        public const int PrivateAnonymousNoReserve = 0x2 | 0x20 | 0x4000;
        public const uint CloseOnExecute = 1;
        public const int KeepSize = 1;
        public const int PunchHole = 2;

        [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
        public static partial nint Map(nint address, nuint length, int protection, int flags, int descriptor, nint offset);

        [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
        public static partial int Unmap(nint address, nuint length);

        [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
        public static partial int Protect(nint address, nuint length, int protection);

        [LibraryImport("libc", EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        public static partial int CreateMemoryFile(string name, uint flags);

        [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
        public static partial int SetLength(int descriptor, long length);

        [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
        public static partial int Allocate(int descriptor, int mode, nint offset, nint length);

        [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
        public static partial int Close(int descriptor);
    }
}
