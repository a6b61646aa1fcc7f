using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Unicode;

namespace Generate.Gguf;

/// <summary>Reads a file from front to back; what would reach past the end is refused before it is touched.</summary>
internal sealed unsafe class GgufCursor(GgufBytes bytes, long position)
{
    /// <summary>Gets the offset of what is read next.</summary>
    public long Position { get; private set; } = position;

    private long Remaining => bytes.Length - Position;

    /// <summary>Reads a number; <paramref name="what"/> is its name in a refusal.</summary>
    public T Read<T>(string what)
        where T : unmanaged => Unsafe.ReadUnaligned<T>(bytes.Start + Skip(sizeof(T), what));

    /// <summary>Reads how many things follow, each of which takes at least so many bytes.</summary>
    public long ReadCount(string what, long leastBytesEach, long most = long.MaxValue)
    {
        long offset = Position;
        ulong count = Read<ulong>(what);
        long room = Math.Min(Remaining / leastBytesEach, most);
        if (count > (ulong)room)
        {
            throw Refusal(offset, $"{what} of at most {room} ({Remaining} bytes remain)", $"{count}");
        }

        return (long)count;
    }

    /// <summary>Reads a string.</summary>
    public string ReadString(string what, long longest)
    {
        int length = (int)ReadCount(what, 1, longest);
        long offset = Skip(length, what);
        ReadOnlySpan<byte> text = new(bytes.Start + offset, length);
        return Utf8.IsValid(text)
            ? Encoding.UTF8.GetString(text)
            : throw Refusal(offset, $"{what} in UTF-8", $"other bytes among the {length} there");
    }

    /// <summary>Passes over bytes and gives the offset of the first.</summary>
    public long Skip(long count, string what)
    {
        long offset = Position;
        if (count > Remaining)
        {
            throw Refusal(offset, $"{what} of {count} bytes", $"the end of the file after {Remaining}");
        }

        Position += count;
        return offset;
    }

    /// <summary>The exception that refuses the file.</summary>
    public GgufException Refusal(long offset, string expected, string found) => new(bytes.Name, offset, expected, found);
}
