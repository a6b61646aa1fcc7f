using System.Runtime.InteropServices;
using Generate.Gguf;

namespace Generate.Tests.Gguf;

/// <summary>A small file in memory, and where in it each field lies: 'version', 'type of key', 'dimension 0 of tensor', …</summary>
internal sealed class GgufImage(byte[] bytes, IReadOnlyDictionary<string, int> fields)
{
    public byte[] Bytes => bytes;

    public IReadOnlyDictionary<string, int> Fields => fields;

    /// <summary>A copy in which one field is overwritten.</summary>
    public GgufImage With<T>(string field, T value)
        where T : unmanaged
    {
        byte[] copy = [.. bytes];
        MemoryMarshal.Write(copy.AsSpan(fields[field]), value);
        return new GgufImage(copy, fields);
    }

    /// <summary>The first bytes alone.</summary>
    public GgufImage CutAt(int length) => new(bytes[..length], fields);

    public GgufFile Open() => GgufFile.Open(GgufBytes.Pin("image", bytes));
}
