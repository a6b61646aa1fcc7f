using System.Text;

namespace KvCache.Benchmarks.Baselines;

/// <summary>Writes the few protobuf messages that an ONNX model of one node is made of. Field numbers are those of onnx.proto.</summary>
internal sealed class OnnxModelBytes
{
    private const int VarintWire = 0;
    private const int LengthWire = 2;
    private readonly MemoryStream _bytes = new();

    /// <summary>Writes an integer field.</summary>
    public OnnxModelBytes Integer(int field, long value)
    {
        Varint(((ulong)field << 3) | VarintWire);
        Varint((ulong)value);
        return this;
    }

    /// <summary>Writes a string field.</summary>
    public OnnxModelBytes Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    /// <summary>Writes a field that is a message of its own.</summary>
    public OnnxModelBytes Message(int field, OnnxModelBytes message) => Bytes(field, message.ToArray());

    /// <summary>Writes a repeated field of messages.</summary>
    public OnnxModelBytes Messages(int field, IEnumerable<OnnxModelBytes> messages)
    {
        foreach (OnnxModelBytes message in messages)
        {
            Message(field, message);
        }

        return this;
    }

    /// <summary>Writes a repeated field of strings.</summary>
    public OnnxModelBytes Texts(int field, IEnumerable<string> values)
    {
        foreach (string value in values)
        {
            Text(field, value);
        }

        return this;
    }

    public byte[] ToArray() => _bytes.ToArray();

    private OnnxModelBytes Bytes(int field, ReadOnlySpan<byte> content)
    {
        Varint(((ulong)field << 3) | LengthWire);
        Varint((ulong)content.Length);
        _bytes.Write(content);
        return this;
    }

    private void Varint(ulong value)
    {
        for (; value > 0x7F; value >>= 7)
        {
            _bytes.WriteByte((byte)(value | 0x80));
        }

        _bytes.WriteByte((byte)value);
    }
}
