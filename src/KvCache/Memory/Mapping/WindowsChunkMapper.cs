using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace KvCache.Memory.Mapping;

/// <summary>Chunks as sections of the page file, one each, mapped into placeholders.</summary>
/// <remarks>
/// <para>Written to the documentation of VirtualAlloc2 and MapViewOfFile3; not yet run. The way is that of OpenJDK's ZGC on Windows
/// (<c>zMapper_windows.cpp</c>).</para>
/// <para>A section is charged against the commit limit when it is created, so that running out is an answer; its memory goes back when it
/// is closed, because a part of a section cannot be given back. There are no runs: every chunk is a call.</para>
/// </remarks>
internal sealed class WindowsChunkMapper : ChunkMapper
{
    private const nint NoFile = -1;
    private readonly long _chunkBytes;
    private readonly SafeFileHandle?[] _sections;

    public WindowsChunkMapper(int capacity, long chunkBytes)
    {
        foreach (string function in (ReadOnlySpan<string>)["VirtualAlloc2", "MapViewOfFile3", "UnmapViewOfFile2"])
        {
            if (!NativeLibrary.TryLoad(WindowsCalls.Library, out nint library) || !NativeLibrary.TryGetExport(library, function, out _))
            {
                throw new PlatformNotSupportedException($"Host virtual memory needs {function}: Windows 10 version 1803, Server 2019, or later.");
            }
        }

        _chunkBytes = chunkBytes;
        _sections = new SafeFileHandle?[capacity];
    }

    public override string Name => "sections";

    public static Exception Failure(string call)
    {
        int error = Marshal.GetLastPInvokeError();
        return new IOException($"{call} failed: {Marshal.GetPInvokeErrorMessage(error)} (error {error}).");
    }

    public override AddressRange? TryReserve(long bytes) => WindowsAddressRange.TryReserve(bytes, _chunkBytes);

    public override bool TryCreate(int first, int count)
    {
        for (int chunk = first; chunk < first + count; chunk++)
        {
            SafeFileHandle section = WindowsCalls.CreateSection(
                NoFile, 0, WindowsCalls.PageReadWrite, (uint)(_chunkBytes >> 32), (uint)_chunkBytes, 0);
            if (section.IsInvalid)
            {
                section.Dispose();
                Destroy(first, chunk - first);
                return false;
            }

            _sections[chunk] = section;
        }

        return true;
    }

    public override void Destroy(int first, int count)
    {
        foreach (ref SafeFileHandle? section in _sections.AsSpan(first, count))
        {
            section?.Dispose();
            section = null;
        }
    }

    public override bool TryMap(AddressRange range, int place, int first, int count, bool writable)
    {
        WindowsAddressRange placeholders = (WindowsAddressRange)range;
        for (int i = 0; i < count; i++)
        {
            if (!placeholders.TryMap(place + i, _sections[first + i]!, writable))
            {
                Unmap(range, place, i);
                return false;
            }
        }

        return true;
    }

    public override void Unmap(AddressRange range, int place, int count)
    {
        for (int i = place; i < place + count; i++)
        {
            ((WindowsAddressRange)range).Unmap(i);
        }
    }

    public override void Dispose() => Destroy(0, _sections.Length);
}
