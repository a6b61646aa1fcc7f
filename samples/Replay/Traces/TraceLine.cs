using System.Text.Json;
using System.Text.Unicode;

namespace Replay.Traces;

/// <summary>Reads one line of a trace in Mooncake's form: an object with a timestamp, two lengths and block ids.</summary>
/// <remarks>Other keys are passed over, whatever they hold.</remarks>
internal static class TraceLine
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

    /// <summary>Reads a line into a request.</summary>
    /// <exception cref="UnexpectedTextException">The line is no request.</exception>
    public static void Read(ReadOnlySpan<byte> line, TraceRequest request)
    {
        if (!Utf8.IsValid(line))
        {
            throw new UnexpectedTextException("text in UTF-8");
        }

        try
        {
            Utf8JsonReader json = new(line);
            ReadObject(ref json, request);
        }
        catch (JsonException exception)
        {
            throw new UnexpectedTextException(
                $"one JSON object, found no valid JSON at byte {exception.BytePositionInLine + 1} of the line");
        }
    }

    private static void ReadObject(ref Utf8JsonReader json, TraceRequest request)
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
            ReadValue(ref json, field, name, request);
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

    private static void ReadValue(ref Utf8JsonReader json, Fields field, string name, TraceRequest request)
    {
        switch (field)
        {
            case Fields.Timestamp:
                request.Timestamp = TraceNumbers.Milliseconds(ref json, name);
                break;
            case Fields.InputLength:
                request.InputLength = TraceNumbers.Length(ref json, name);
                break;
            case Fields.OutputLength:
                request.OutputLength = TraceNumbers.Length(ref json, name);
                break;
            case Fields.BlockIds:
                TraceNumbers.Ids(ref json, name, request.BlockIds);
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
