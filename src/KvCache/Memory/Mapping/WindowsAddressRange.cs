using System.Collections;
using System.Runtime.InteropServices;

namespace KvCache.Memory.Mapping;

/// <summary>A placeholder, from which pieces of a chunk's length are split off where chunks are mapped.</summary>
/// <remarks>A view must cover exactly one placeholder. Pieces once split off stay so, mapped or not, until the range is given back.</remarks>
internal sealed unsafe class WindowsAddressRange : AddressRange
{
    private readonly long _chunkBytes;
    private readonly BitArray _split;
    private readonly BitArray _mapped;

    private WindowsAddressRange(nint address, long bytes, long chunkBytes)
        : base(address, bytes)
    {
        _chunkBytes = chunkBytes;
        _split = new BitArray((int)(bytes / chunkBytes));
        _mapped = new BitArray(_split.Length);
    }

    public static WindowsAddressRange? TryReserve(long bytes, long chunkBytes)
    {
        WindowsCalls.AddressRequirements requirements = new() { Alignment = (nuint)chunkBytes };
        WindowsCalls.ExtendedParameter parameter = new() { Type = WindowsCalls.ParameterAddressRequirements, Pointer = &requirements };
        nint address = WindowsCalls.Allocate(
            WindowsCalls.CurrentProcess,
            0,
            (nuint)bytes,
            WindowsCalls.MemReserve | WindowsCalls.MemReservePlaceholder,
            WindowsCalls.PageNoAccess,
            &parameter,
            1);
        return address == 0 ? null : new WindowsAddressRange(address, bytes, chunkBytes);
    }

    public bool TryMap(int place, SafeHandle section, bool writable)
    {
        if (!TrySplit(place))
        {
            return false;
        }

        nint address = AddressOf(place);
        _mapped[place] = WindowsCalls.MapView(
            section,
            WindowsCalls.CurrentProcess,
            address,
            0,
            (nuint)_chunkBytes,
            WindowsCalls.MemReplacePlaceholder,
            writable ? WindowsCalls.PageReadWrite : WindowsCalls.PageReadOnly,
            0,
            0) == address;
        return _mapped[place];
    }

    public void Unmap(int place)
    {
        if (!WindowsCalls.UnmapView(WindowsCalls.CurrentProcess, AddressOf(place), WindowsCalls.MemPreservePlaceholder))
        {
            throw WindowsChunkMapper.Failure($"UnmapViewOfFile2 at 0x{AddressOf(place):x}");
        }

        _mapped[place] = false;
    }

    protected override bool ReleaseHandle()
    {
        bool done = true;
        for (int place = 0; place < _mapped.Length; place++)
        {
            done &= !_mapped[place]
                || WindowsCalls.UnmapView(WindowsCalls.CurrentProcess, AddressOf(place), WindowsCalls.MemPreservePlaceholder);
        }

        // One placeholder alone cannot be put together.
        bool pieces = _split.HasAnySet() && _split.Length > 1;
        done &= !pieces || WindowsCalls.Free(handle, (nuint)Bytes, WindowsCalls.MemRelease | WindowsCalls.MemCoalescePlaceholders);
        return done && WindowsCalls.Free(handle, 0, WindowsCalls.MemRelease);
    }

    /// <summary>Makes a placeholder of its own of a place, unless it is one.</summary>
    private bool TrySplit(int place)
    {
        if (_split[place])
        {
            return true;
        }

        bool begins = place == 0 || _split[place - 1];
        bool ends = place == _split.Length - 1 || _split[place + 1];
        _split[place] = (begins && ends) || WindowsCalls.Free(
            AddressOf(place), (nuint)_chunkBytes, WindowsCalls.MemRelease | WindowsCalls.MemPreservePlaceholder);
        return _split[place];
    }

    private nint AddressOf(int place) => handle + (nint)(place * _chunkBytes);
}
