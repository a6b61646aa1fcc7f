namespace Generate.Gguf;

/// <summary>A model in the GGUF format, version 2 or 3: its metadata and its tensors, where they lie in the file.</summary>
internal sealed class GgufFile : IDisposable
{
    private const string AlignmentKey = "general.alignment";
    private const uint DefaultAlignment = 32;
    private const uint LeastAlignment = 8;
    private readonly GgufBytes _bytes;

    private GgufFile(GgufBytes bytes)
    {
        if (!BitConverter.IsLittleEndian)
        {
            throw new PlatformNotSupportedException("GGUF is read where it lies, which takes a little-endian machine.");
        }

        _bytes = bytes;
        GgufCursor cursor = new(bytes, 0);
        GgufHeader header = GgufHeader.Read(cursor);
        Dictionary<string, GgufValue> values = new GgufMetadataReader(bytes, cursor).Read(header.MetadataCount);
        Version = header.Version;
        Metadata = new GgufMetadata(bytes.Name, values);
        Alignment = values.TryGetValue(AlignmentKey, out GgufValue stored) ? ReadAlignment(cursor, stored) : DefaultAlignment;
        Tensors = new GgufTensorReader(bytes, cursor, Alignment).Read(header.TensorCount);
    }

    /// <summary>Gets what messages call the file.</summary>
    public string Name => _bytes.Name;

    public int Version { get; }

    /// <summary>Gets what the offsets of tensors are multiples of.</summary>
    public uint Alignment { get; }

    public GgufMetadata Metadata { get; }

    /// <summary>Gets the tensors by name.</summary>
    public IReadOnlyDictionary<string, GgufTensor> Tensors { get; }

    /// <summary>Maps a file and reads all but its tensors' data.</summary>
    /// <exception cref="GgufException">The file is damaged, or of a kind that is not read.</exception>
    public static GgufFile Open(string path) => Open(GgufBytes.Map(path));

    /// <summary>Reads what is already in memory; owns the bytes from here on.</summary>
    public static GgufFile Open(GgufBytes bytes)
    {
        try
        {
            return new GgufFile(bytes);
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    /// <summary>A tensor that the model must have.</summary>
    public GgufTensor GetTensor(string name) =>
        Tensors.TryGetValue(name, out GgufTensor? tensor)
            ? tensor
            : throw new GgufException($"{Name}: tensor {GgufException.Quote(name)} is missing.");

    public void Dispose() => _bytes.Dispose();

    private static uint ReadAlignment(GgufCursor cursor, GgufValue stored)
    {
        const string Expected = $"{AlignmentKey} as a UInt32, a power of two from 8";
        if (stored.IsArray || stored.ElementType != GgufValueType.UInt32)
        {
            throw cursor.Refusal(stored.Offset, Expected, $"{stored}");
        }

        uint alignment = (uint)stored.IntegerAt(0);
        return alignment >= LeastAlignment && uint.IsPow2(alignment)
            ? alignment
            : throw cursor.Refusal(stored.Offset, Expected, $"{alignment}");
    }
}
