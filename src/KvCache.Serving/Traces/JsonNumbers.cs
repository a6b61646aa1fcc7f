using System.Text.Json;
using KvCache.Serving.Text;

namespace KvCache.Serving.Traces;

/// <summary>The numbers of a JSON line, each checked against its range.</summary>
internal static class JsonNumbers
{
    private const int MicrosecondsPerMillisecond = 1_000;

    /// <summary>Milliseconds of at least 0 as whole microseconds; what is finer is cut off.</summary>
    public static TimeSpan Milliseconds(ref Utf8JsonReader json, string name) =>
        json.TokenType == JsonTokenType.Number
        && json.TryGetDecimal(out decimal value)
        && FieldNumbers.TryWholeMicroseconds(value, MicrosecondsPerMillisecond, out TimeSpan time)
            ? time
            : throw new UnexpectedTextException($"a number of milliseconds from 0 as {name}");

    public static int Length(ref Utf8JsonReader json, string name) =>
        json.TokenType == JsonTokenType.Number && json.TryGetInt32(out int value) && value >= 0 && value <= Array.MaxLength
            ? value
            : throw new UnexpectedTextException($"a whole number of tokens from 0 to {Array.MaxLength} as {name}");

    public static void Ids(ref Utf8JsonReader json, string name, List<Int128> ids)
    {
        ids.Clear();
        if (json.TokenType != JsonTokenType.StartArray)
        {
            throw new UnexpectedTextException($"an array of block ids as {name}");
        }

        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            ids.Add(Id(ref json, name));
        }
    }

    private static Int128 Id(ref Utf8JsonReader json, string name)
    {
        if (json.TokenType == JsonTokenType.Number)
        {
            if (json.TryGetInt64(out long signed))
            {
                return signed;
            }

            if (json.TryGetUInt64(out ulong unsigned))
            {
                return unsigned;
            }
        }

        throw new UnexpectedTextException($"whole numbers of 64 bits in {name}");
    }
}
