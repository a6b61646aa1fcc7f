using System.Buffers;
using System.IO.MemoryMappedFiles;

namespace Generate.Gguf;

/// <summary>The bytes of a file where they lie, mapped or pinned: never copied. The file must not shrink meanwhile.</summary>
internal sealed unsafe class GgufBytes(string name, byte* start, long length, Action release) : IDisposable
{
    private readonly byte* _start = start;
    private bool _disposed;

    /// <summary>Gets what messages call the file.</summary>
    public string Name => name;

    /// <summary>Gets how many bytes there are.</summary>
    public long Length => length;

    /// <summary>Gets where they begin.</summary>
    public byte* Start
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _start;
        }
    }

    /// <summary>Maps a file.</summary>
    public static GgufBytes Map(string path)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        if (stream.Length == 0)
        {
            return new GgufBytes(path, null, 0, () => { });
        }

        using MemoryMappedFile mapped = MemoryMappedFile.CreateFromFile(
            stream, mapName: null, capacity: 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        MemoryMappedViewAccessor view = mapped.CreateViewAccessor(0, stream.Length, MemoryMappedFileAccess.Read);
        byte* start = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        return new GgufBytes(path, start + view.PointerOffset, stream.Length, () =>
        {
            view.SafeMemoryMappedViewHandle.ReleasePointer();
            view.Dispose();
        });
    }

    /// <summary>Pins memory that holds a file.</summary>
    public static GgufBytes Pin(string name, ReadOnlyMemory<byte> memory)
    {
        MemoryHandle handle = memory.Pin();
        return new GgufBytes(name, (byte*)handle.Pointer, memory.Length, handle.Dispose);
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            release();
        }
    }
}
