using System.Globalization;
using System.Text;
using KvCache.Serving.Text;

namespace KvCache.Serving.Traces;

/// <summary>Reads dates as traces write them: up to seven digits of a second, with or without an offset from UTC.</summary>
internal static class Dates
{
    private const int Longest = 64;
    private static readonly string[] Forms = ["yyyy-MM-dd HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    /// <exception cref="UnexpectedTextException">There is no date.</exception>
    public static DateTimeOffset Parse(ReadOnlySpan<byte> field, string name)
    {
        Span<char> text = stackalloc char[Longest];
        return field.Length <= Longest
            && Encoding.UTF8.TryGetChars(field, text, out int length)
            && DateTimeOffset.TryParseExact(
                text[..length],
                Forms,
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                out DateTimeOffset date)
            ? date
            : throw new UnexpectedTextException(
                $"a date like 2023-11-16 18:15:46.6805900 as {name}, found '{FieldNumbers.Text(field)}'");
    }
}
