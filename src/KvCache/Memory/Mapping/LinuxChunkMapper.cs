using System.Diagnostics;

namespace KvCache.Memory.Mapping;

/// <summary>Chunks as pieces of a memory file, mapped over reserved addresses; unmapping maps the reservation over them again.</summary>
/// <remarks>
/// A mapping is replaced in one step (<c>MAP_FIXED</c>), so that there is never a hole into which somebody else's memory could
/// come. Chunks are backed when they are created and never by being touched: running out is then an answer, not a signal.
/// </remarks>
internal sealed class LinuxChunkMapper : ChunkMapper
{
    private readonly LinuxMemoryFile _file;
    private readonly LinuxAddressRange? _window;
    private readonly long _chunkBytes;
    private readonly long _alignment;
    private readonly int _populate;

    public LinuxChunkMapper(int capacity, long chunkBytes, bool hugePages, bool populate)
    {
        _chunkBytes = chunkBytes;
        _alignment = Math.Max(chunkBytes, LinuxHugePages.Bytes);
        _populate = populate ? LinuxCalls.MapPopulate : 0;
        _file = new LinuxMemoryFile(capacity * chunkBytes);
        _window = OpenWindow(capacity * chunkBytes);
        UsesHugePages = hugePages && _window is not null && chunkBytes >= LinuxHugePages.Bytes && LinuxHugePages.AreAvailable;
    }

    public override string Name => "memfd";

    public override nint WindowAddress => _window?.Address ?? 0;

    public override bool UsesHugePages { get; }

    public override AddressRange? TryReserve(long bytes) => LinuxAddressRange.TryReserve(bytes, _alignment);

    public override bool TryCreate(int first, int count)
    {
        if (!_file.TryAllocate(first * _chunkBytes, count * _chunkBytes))
        {
            return false;
        }

        if (UsesHugePages)
        {
            _ = LinuxHugePages.TryCollapse(WindowAddress + (nint)(first * _chunkBytes), count * _chunkBytes);
        }

        return true;
    }

    public override void Destroy(int first, int count) => _file.GiveBack(first * _chunkBytes, count * _chunkBytes);

    public override bool TryMap(AddressRange range, int place, int first, int count, bool writable) => LinuxCalls.Map(
        range.Address + (nint)(place * _chunkBytes),
        (nuint)(count * _chunkBytes),
        writable ? LinuxCalls.ProtectReadWrite : LinuxCalls.ProtectRead,
        LinuxCalls.MapShared | LinuxCalls.MapFixed | _populate,
        _file.Descriptor,
        (nint)(first * _chunkBytes)) != LinuxCalls.MapFailed;

    public override void Unmap(AddressRange range, int place, int count)
    {
        nint address = range.Address + (nint)(place * _chunkBytes);
        nuint bytes = (nuint)(count * _chunkBytes);
        nint replaced = LinuxCalls.Map(
            address, bytes, LinuxCalls.ProtectNone, LinuxCalls.MapPrivateAnonymousNoReserve | LinuxCalls.MapFixed, -1, 0);
        if (replaced != LinuxCalls.MapFailed)
        {
            return;
        }

        // Out of mappings or of the kernel's own memory: at least nobody can read the chunks here any more.
        if (LinuxCalls.Protect(address, bytes, LinuxCalls.ProtectNone) != 0)
        {
            throw LinuxMemoryFile.Failure($"mmap and mprotect of {bytes} bytes at 0x{address:x}, to unmap them,");
        }

        _ = LinuxCalls.Advise(address, bytes, LinuxCalls.AdviseDontNeed);
    }

    public override void Dispose()
    {
        _window?.Dispose();
        _file.Dispose();
    }

    /// <summary>A place for all chunks in order; null where addresses are rationed (<c>ulimit -v</c>).</summary>
    private LinuxAddressRange? OpenWindow(long bytes)
    {
        LinuxAddressRange? window = LinuxAddressRange.TryReserve(bytes, _alignment);
        if (window is null)
        {
            return null;
        }

        nint mapped = LinuxCalls.Map(
            window.Address, (nuint)bytes, LinuxCalls.ProtectReadWrite, LinuxCalls.MapShared | LinuxCalls.MapFixed, _file.Descriptor, 0);
        if (mapped == LinuxCalls.MapFailed)
        {
            Exception failure = LinuxMemoryFile.Failure($"mmap of a memory file of {bytes} bytes");
            window.Dispose();
            _file.Dispose();
            throw failure;
        }

        Debug.Assert(mapped == window.Address, "MAP_FIXED maps where it is told to.");
        _ = LinuxCalls.Advise(window.Address, (nuint)bytes, LinuxCalls.AdviseDontDump);
        _ = LinuxCalls.Advise(window.Address, (nuint)bytes, LinuxCalls.AdviseDontFork);
        return window;
    }
}
