using System.Runtime.InteropServices;

namespace KvCache.Gpu.Tests.Emulator;

/// <summary>A device's memory: pieces at addresses of their own with nothing between them, poisoned until somebody writes; or the process's own.</summary>
internal sealed unsafe class GlobalMemory
{
    private const ulong Gap = 1 << 20;
    private readonly List<(ulong Start, byte[] Bytes)> _pieces = [];
    private readonly List<(ulong Start, ulong Bytes)> _mapped = [];
    private ulong _next = 0x7F00_0000_0000;

    /// <summary>Takes bytes, all of them 0xFF: NaN in every format, and no page.</summary>
    public ulong Allocate(long bytes)
    {
        byte[] piece = new byte[bytes];
        Array.Fill(piece, SharedMemory.Poison);
        ulong address = _next;
        _pieces.Add((address, piece));
        _next = (address + (ulong)bytes + Gap) & ~(Gap - 1);
        return address;
    }

    /// <summary>Takes a copy of an array.</summary>
    public ulong Allocate<T>(ReadOnlySpan<T> contents)
        where T : unmanaged
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(contents);
        ulong address = Allocate(bytes.Length);
        bytes.CopyTo(_pieces[^1].Bytes);
        return address;
    }

    /// <summary>Makes memory of the process a piece of the device's.</summary>
    public void Map(nint start, nint bytes) => _mapped.Add(((ulong)start, (ulong)bytes));

    /// <summary>A piece's contents.</summary>
    public Span<T> Contents<T>(ulong address)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>((Span<byte>)_pieces.Single(piece => piece.Start == address).Bytes);

    /// <summary>The bytes that an instruction reaches.</summary>
    public Span<byte> Reach(ulong address, int bytes, PtxStatement by)
    {
        if (address % (uint)bytes != 0)
        {
            throw new PtxFault($"Global address {address:X} is not a multiple of {bytes}: {by.Text}");
        }

        foreach ((ulong start, byte[] piece) in _pieces)
        {
            if (address >= start && address + (ulong)bytes <= start + (ulong)piece.Length)
            {
                return piece.AsSpan((int)(address - start), bytes);
            }
        }

        foreach ((ulong start, ulong length) in _mapped)
        {
            if (address >= start && address + (ulong)bytes <= start + length)
            {
                return new Span<byte>((void*)address, bytes);
            }
        }

        throw new PtxFault($"Global address {address:X} ({bytes} bytes) is in no piece of memory: {by.Text}");
    }
}
