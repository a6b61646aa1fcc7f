using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Generate.Tokenizers;

/// <summary>Writes the few kinds of protobuf fields that a SentencePiece model consists of.</summary>
internal sealed class ProtobufWriter
{
    private const int VarintType = 0;
    private const int BytesType = 2;
    private const int FixedType = 5;
    private readonly ArrayBufferWriter<byte> _bytes = new();

    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

    public ProtobufWriter Field<TNumber>(int field, TNumber value)
        where TNumber : IBinaryInteger<TNumber>
    {
        Tag(field, VarintType);
        Varint(ulong.CreateChecked(value));
        return this;
    }

    public ProtobufWriter Field(int field, bool value) => Field(field, value ? 1 : 0);

    public ProtobufWriter Field(int field, float value)
    {
        Tag(field, FixedType);
        Span<byte> bytes = stackalloc byte[sizeof(float)];
        BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
        _bytes.Write(bytes);
        return this;
    }

    public ProtobufWriter Field(int field, string value) => Field(field, Encoding.UTF8.GetBytes(value));

    public ProtobufWriter Field(int field, ProtobufWriter message) => Field(field, message.ToArray());

    private ProtobufWriter Field(int field, byte[] value)
    {
        Tag(field, BytesType);
        Varint((ulong)value.Length);
        _bytes.Write(value);
        return this;
    }

    private void Tag(int field, int wireType) => Varint((ulong)((field << 3) | wireType));

    private void Varint(ulong value)
    {
        for (; value > 0x7F; value >>= 7)
        {
            _bytes.Write([(byte)(value | 0x80)]);
        }

        _bytes.Write([(byte)value]);
    }
}
