using System.Text.Json;
using System.Text.Unicode;
using KvCache.Serving.Text;

namespace KvCache.Serving.Traces;

/// <summary>One line of a trace in Mooncake's form: an object with a timestamp, two lengths and block ids.</summary>
/// <remarks>Read again and again, so that ids need a place only once. Other keys are passed over, whatever they hold.</remarks>
internal sealed class MooncakeLine
{
    [Flags]
    private enum Fields
    {
        None = 0,
        Timestamp = 1,
        InputLength = 2,
        OutputLength = 4,
        BlockIds = 8,
        All = 15,
    }

    public TimeSpan Arrival { get; private set; }

    public int InputLength { get; private set; }

    public int OutputLength { get; private set; }

    /// <summary>Gets the ids; wide enough for signed and unsigned 64-bit ids alike.</summary>
    public List<Int128> BlockIds { get; } = [];

    /// <summary>Reads a line.</summary>
    /// <exception cref="UnexpectedTextException">The line is no request.</exception>
    public void Read(ReadOnlySpan<byte> line)
    {
        if (!Utf8.IsValid(line))
        {
            throw new UnexpectedTextException("text in UTF-8");
        }

        try
        {
            Utf8JsonReader json = new(line);
            ReadObject(ref json);
        }
        catch (JsonException exception)
        {
            throw new UnexpectedTextException(
                $"one JSON object, found no valid JSON at byte {exception.BytePositionInLine + 1} of the line");
        }
    }

    private void ReadObject(ref Utf8JsonReader json)
    {
        json.Read();
        if (json.TokenType != JsonTokenType.StartObject)
        {
            throw new UnexpectedTextException("one JSON object");
        }

        Fields seen = Fields.None;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            Fields field = FieldOf(ref json, out string name);
            if ((seen & field) != Fields.None)
            {
                throw new UnexpectedTextException($"{name} once only");
            }

            seen |= field;
            json.Read();
            ReadValue(ref json, field, name);
        }

        // Anything after the object is an error that the reader itself finds.
        json.Read();
        EnsureAll(seen);
    }

    private static Fields FieldOf(ref Utf8JsonReader json, out string name)
    {
        (Fields field, name) =
            json.ValueTextEquals("timestamp"u8) ? (Fields.Timestamp, "timestamp") :
            json.ValueTextEquals("timestamp_ms"u8) ? (Fields.Timestamp, "timestamp_ms") :
            json.ValueTextEquals("input_length"u8) ? (Fields.InputLength, "input_length") :
            json.ValueTextEquals("output_length"u8) ? (Fields.OutputLength, "output_length") :
            json.ValueTextEquals("hash_ids"u8) ? (Fields.BlockIds, "hash_ids") :
            (Fields.None, "");
        return field;
    }

    private void ReadValue(ref Utf8JsonReader json, Fields field, string name)
    {
        switch (field)
        {
            case Fields.Timestamp:
                Arrival = JsonNumbers.Milliseconds(ref json, name);
                break;
            case Fields.InputLength:
                InputLength = JsonNumbers.Length(ref json, name);
                break;
            case Fields.OutputLength:
                OutputLength = JsonNumbers.Length(ref json, name);
                break;
            case Fields.BlockIds:
                JsonNumbers.Ids(ref json, name, BlockIds);
                break;
            default:
                json.Skip();
                break;
        }
    }

    private static void EnsureAll(Fields seen)
    {
        Fields missing = Fields.All & ~seen;
        if (missing != Fields.None)
        {
            throw new UnexpectedTextException(
                "the keys timestamp (or timestamp_ms), input_length, output_length and hash_ids, found no " +
                (missing.HasFlag(Fields.Timestamp) ? "timestamp" :
                missing.HasFlag(Fields.InputLength) ? "input_length" :
                missing.HasFlag(Fields.OutputLength) ? "output_length" : "hash_ids"));
        }
    }
}
