using System.Text.Json;

namespace Replay.Traces;

/// <summary>The numbers of a trace's line, each checked against its range.</summary>
internal static class TraceNumbers
{
    public static double Milliseconds(ref Utf8JsonReader json, string name) =>
        json.TokenType == JsonTokenType.Number && json.TryGetDouble(out double value) && double.IsFinite(value)
            ? value
            : throw new UnexpectedTextException($"a number of milliseconds as {name}");

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
