using System.Buffers.Binary;
using KvCache.Memory;
using KvCache.Specs.Devices;
using Xunit;

namespace KvCache.Specs.VirtualMemory;

/// <summary>A virtual memory and its bytes, with what tests do to them.</summary>
public sealed class MappedMemory(IVirtualMemory memory, DeviceMemory bytes)
{
    private const int MarkBytes = 8;

    public IVirtualMemory Memory => memory;

    public nint Reserve(int chunks)
    {
        Assert.True(memory.TryReserve(chunks * memory.ChunkBytes, out nint address));
        Assert.Equal(0, address % memory.ChunkBytes);
        return address;
    }

    public void Release(nint address, int chunks) => memory.Release(address, chunks * memory.ChunkBytes);

    public void Map(nint address, params ReadOnlySpan<int> chunks) => Assert.True(memory.TryMap(address, chunks, writable: true));

    public void MapReadOnly(nint address, params ReadOnlySpan<int> chunks) => Assert.True(memory.TryMap(address, chunks, writable: false));

    public void CreateChunks(params ReadOnlySpan<int> chunks) => Assert.True(memory.TryCreate(chunks));

    /// <summary>The address of a place of a range.</summary>
    public nint At(nint address, int place) => address + (nint)(place * memory.ChunkBytes);

    /// <summary>Writes a mark to a chunk's beginning, middle and end.</summary>
    public void Mark(nint address, long mark)
    {
        Span<byte> written = stackalloc byte[MarkBytes];
        foreach (long offset in Offsets())
        {
            BinaryPrimitives.WriteInt64LittleEndian(written, mark + offset);
            bytes.Write(address + (nint)offset, written);
        }
    }

    /// <summary>The mark that stands at a chunk's beginning, middle and end; 0 on a chunk that nobody wrote to.</summary>
    public long ReadMark(nint address)
    {
        Span<byte> read = stackalloc byte[MarkBytes];
        bytes.Read(address, read);
        long mark = BinaryPrimitives.ReadInt64LittleEndian(read);
        foreach (long offset in Offsets())
        {
            bytes.Read(address + (nint)offset, read);
            Assert.Equal(mark == 0 ? 0 : mark + offset, BinaryPrimitives.ReadInt64LittleEndian(read));
        }

        return mark;
    }

    public void Write(nint address, ReadOnlySpan<byte> content) => bytes.Write(address, content);

    public byte[] Read(nint address, int length)
    {
        byte[] content = new byte[length];
        bytes.Read(address, content);
        return content;
    }

    /// <summary>Whether nobody has written to any byte of a chunk.</summary>
    public bool IsZero(nint address) => !Read(address, (int)memory.ChunkBytes).AsSpan().ContainsAnyExcept((byte)0);

    public void Fill(nint address, byte value)
    {
        byte[] content = new byte[memory.ChunkBytes];
        content.AsSpan().Fill(value);
        Write(address, content);
    }

    private ReadOnlySpan<long> Offsets() => new long[] { 0, memory.ChunkBytes / 2, memory.ChunkBytes - MarkBytes };
}
