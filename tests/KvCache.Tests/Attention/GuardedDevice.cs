using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using KvCache.Memory;

namespace KvCache.Tests.Attention;

/// <summary>Memory that is no number at first, between pages that nobody may touch: the process ends where one is. Linux only.</summary>
internal sealed unsafe partial class GuardedDevice : IKvDevice
{
    private const int ArenaAlignment = 64;

    public string Name => "guarded";

    public bool HasMemory => true;

    public bool TryAllocate(long bytes, [NotNullWhen(true)] out KvArena? arena)
    {
        arena = Allocate(bytes, ArenaAlignment);
        return true;
    }

    /// <summary>Memory that ends where touching is forbidden, or as near to it as the alignment lets it.</summary>
    public static KvArena Allocate(long bytes, int alignment)
    {
        long page = Environment.SystemPageSize;
        long inner = (bytes + page - 1) / page * page;
        nint start = Map(0, (nuint)(inner + (2 * page)), 0, PrivateAnonymous, -1, 0);
        if (start == -1 || Protect(start + (nint)page, (nuint)inner, ReadWrite) != 0)
        {
            throw new InsufficientMemoryException($"No {inner} bytes between guard pages; error {Marshal.GetLastPInvokeError()}.");
        }

        new Span<byte>((void*)(start + page), checked((int)inner)).Fill(0xFF);
        nint address = start + (nint)(page + ((inner - bytes) / alignment * alignment));
        return new GuardedArena(start, (nuint)(inner + (2 * page)), address, bytes);
    }

    public KvTransfer Copy(ReadOnlySpan<KvCopy> copies) => HostDevice.Instance.Copy(copies);

    public KvFence RecordFence() => default;

    private const int ReadWrite = 0x1 | 0x2;
    private const int PrivateAnonymous = 0x2 | 0x20;

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int descriptor, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(nint address, nuint length);

    private sealed class GuardedArena(nint start, nuint mapped, nint address, long length) : KvArena(address, length)
    {
        private bool _disposed;

        public override bool CanDecommit => false;

        protected override long DecommitCore(long offset, long bytes) => 0;

        protected override void Dispose(bool disposing)
        {
            if (!_disposed)
            {
                _disposed = true;
                _ = Unmap(start, mapped);
            }
        }
    }
}
