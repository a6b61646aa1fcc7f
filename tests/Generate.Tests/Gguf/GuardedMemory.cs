using System.ComponentModel;
using System.Runtime.InteropServices;
using Generate.Gguf;

namespace Generate.Tests.Gguf;

/// <summary>
/// Memory in which a file ends where nothing may be read any more: a single byte too far ends the process, where the system
/// allows it (Linux).
/// </summary>
internal sealed unsafe partial class GuardedMemory : IDisposable
{
    private const int ReadWrite = 1 | 2;
    private const int PrivateAnonymous = 0x2 | 0x20;
    private readonly byte* _start;
    private readonly nuint _capacity;
    private readonly nuint _guard;

    public GuardedMemory(int capacity)
    {
        nuint page = (nuint)Environment.SystemPageSize;
        _capacity = ((nuint)capacity + page - 1) / page * page;
        _guard = OperatingSystem.IsLinux() ? page : 0;
        if (_guard == 0)
        {
            _start = (byte*)NativeMemory.Alloc(_capacity);
            return;
        }

        nint start = Map(0, _capacity + _guard, ReadWrite, PrivateAnonymous, -1, 0);
        if (start == -1 || Protect(start + (nint)_capacity, _guard, 0) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }

        _start = (byte*)start;
    }

    /// <summary>Puts a file at the very end; good until the next.</summary>
    public GgufBytes Hold(ReadOnlySpan<byte> file)
    {
        byte* start = _start + _capacity - file.Length;
        file.CopyTo(new Span<byte>(start, file.Length));
        return new GgufBytes("guarded", start, file.Length, () => { });
    }

    public void Dispose()
    {
        if (_guard == 0)
        {
            NativeMemory.Free(_start);
            return;
        }

        _ = Unmap((nint)_start, _capacity + _guard);
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int descriptor, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);
}
