using System.Runtime.InteropServices;
using System.Text;
using Generate.Gguf;

namespace Generate.Tests.Gguf;

/// <summary>Writes small files, as the format's description has it and without the reader's help.</summary>
internal sealed class GgufBuilder
{
    private readonly List<(string Key, GgufValueType Type, GgufValueType? ElementType, Array Values)> _metadata = [];
    private readonly List<(string Name, long[] Dimensions, GgmlType Type, byte[] Data)> _tensors = [];

    public uint Version { get; init; } = 3;

    /// <summary>Gets what tensors' offsets are multiples of; becomes metadata only where <see cref="With{T}"/> makes it so.</summary>
    public int Alignment { get; init; } = 32;

    /// <summary>Adds a single value.</summary>
    public GgufBuilder With<T>(string key, GgufValueType type, T value)
    {
        _metadata.Add((key, type, null, new[] { value }));
        return this;
    }

    /// <summary>Adds an array.</summary>
    public GgufBuilder WithArray<T>(string key, GgufValueType elementType, params T[] values)
    {
        _metadata.Add((key, GgufValueType.Array, elementType, values));
        return this;
    }

    /// <summary>Adds a tensor.</summary>
    public GgufBuilder WithTensor(string name, GgmlType type, long[] dimensions, byte[] data)
    {
        _tensors.Add((name, dimensions, type, data));
        return this;
    }

    /// <summary>Adds a tensor of floats.</summary>
    public GgufBuilder WithTensor(string name, long[] dimensions, params float[] values) =>
        WithTensor(name, GgmlType.F32, dimensions, MemoryMarshal.AsBytes(values.AsSpan()).ToArray());

    public GgufImage Build()
    {
        Dictionary<string, int> fields = [];
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream);
        void Mark(string field) => fields.Add(field, (int)stream.Position);
        void Pad() => writer.Write(new byte[(Alignment - (stream.Position % Alignment)) % Alignment]);

        Mark("magic");
        writer.Write("GGUF"u8);
        Mark("version");
        writer.Write(Version);
        Mark("tensor count");
        writer.Write((long)_tensors.Count);
        Mark("metadata count");
        writer.Write((long)_metadata.Count);
        foreach ((string key, GgufValueType type, GgufValueType? elementType, Array values) in _metadata)
        {
            Mark($"key {key}");
            WriteString(writer, key);
            Mark($"type of {key}");
            writer.Write((uint)type);
            if (elementType is not null)
            {
                Mark($"element type of {key}");
                writer.Write((uint)elementType);
                Mark($"length of {key}");
                writer.Write((long)values.Length);
            }

            Mark($"value of {key}");
            foreach (object value in values)
            {
                WriteValue(writer, value);
            }
        }

        long dataOffset = 0;
        foreach ((string name, long[] dimensions, GgmlType type, byte[] data) in _tensors)
        {
            Mark($"tensor {name}");
            WriteString(writer, name);
            Mark($"dimensions of {name}");
            writer.Write(dimensions.Length);
            for (int i = 0; i < dimensions.Length; i++)
            {
                Mark($"dimension {i} of {name}");
                writer.Write(dimensions[i]);
            }

            Mark($"type of {name}");
            writer.Write((uint)type);
            Mark($"offset of {name}");
            writer.Write(dataOffset);
            dataOffset += (data.Length + Alignment - 1) / Alignment * Alignment;
        }

        Mark("padding");
        foreach ((string name, _, _, byte[] data) in _tensors)
        {
            Pad();
            Mark($"data of {name}");
            writer.Write(data);
        }

        Mark("end");
        return new GgufImage(stream.ToArray(), fields);
    }

    private static void WriteString(BinaryWriter writer, string text)
    {
        byte[] encoded = Encoding.UTF8.GetBytes(text);
        writer.Write((long)encoded.Length);
        writer.Write(encoded);
    }

    private static void WriteValue(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case byte number: writer.Write(number); break;
            case sbyte number: writer.Write(number); break;
            case ushort number: writer.Write(number); break;
            case short number: writer.Write(number); break;
            case uint number: writer.Write(number); break;
            case int number: writer.Write(number); break;
            case ulong number: writer.Write(number); break;
            case long number: writer.Write(number); break;
            case float number: writer.Write(number); break;
            case double number: writer.Write(number); break;
            case bool truth: writer.Write(truth); break;
            case string text: WriteString(writer, text); break;
            default: throw new ArgumentException($"{value.GetType()} is no type of the format.", nameof(value));
        }
    }
}
