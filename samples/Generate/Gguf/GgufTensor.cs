namespace Generate.Gguf;

/// <summary>A tensor where it lies in a file.</summary>
internal sealed unsafe class GgufTensor(GgufBytes bytes, GgufTensorInfo info, long offset)
{
    public string Name => info.Name;

    /// <summary>Gets the dimensions, the fastest first: [columns, rows] of a matrix.</summary>
    public long[] Dimensions => info.Dimensions;

    public GgmlType Type => info.Type;

    /// <summary>Gets where in the file the data begins.</summary>
    public long Offset => offset;

    public long ByteLength => info.ByteLength;

    /// <summary>Gets where in memory the data begins: good as long as the file is open.</summary>
    public byte* Data => bytes.Start + offset;

    /// <summary>Gets what messages call the file.</summary>
    public string FileName => bytes.Name;

    public override string ToString() => $"tensor {GgufException.Quote(Name)} [{string.Join(", ", Dimensions)}] {Type}";
}
