using System.Globalization;
using System.Text;

namespace KvCache.Serving.Text;

/// <summary>The numbers of a text field, each checked against its range.</summary>
internal static class FieldNumbers
{
    private const int MicrosecondsPerSecond = 1_000_000;

    /// <summary>A whole number of at least 0, written with a decimal point too where a data frame made it a fraction.</summary>
    public static int Count(ReadOnlySpan<byte> field, string name)
    {
        if (int.TryParse(field, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count <= Array.MaxLength)
        {
            return count;
        }

        return decimal.TryParse(field, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out decimal value)
            && value <= Array.MaxLength
            && decimal.IsInteger(value)
            ? (int)value
            : throw new UnexpectedTextException($"a whole number from 0 to {Array.MaxLength} as {name}, found '{Text(field)}'");
    }

    /// <summary>Seconds of at least 0 as whole microseconds; what is finer is cut off.</summary>
    public static TimeSpan Seconds(ReadOnlySpan<byte> field, string name) =>
        decimal.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal seconds)
        && TryWholeMicroseconds(seconds, MicrosecondsPerSecond, out TimeSpan time)
            ? time
            : throw new UnexpectedTextException($"a number of seconds from 0 as {name}, found '{Text(field)}'");

    /// <summary>A time of at least 0.</summary>
    public static double Microseconds(ReadOnlySpan<byte> field, string name) =>
        double.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value) && value >= 0
            ? value
            : throw new UnexpectedTextException($"a number of microseconds from 0 as {name}, found '{Text(field)}'");

    /// <summary>A time in some unit as whole microseconds; what is finer is cut off.</summary>
    public static bool TryWholeMicroseconds(decimal value, int microsecondsPerUnit, out TimeSpan time)
    {
        const decimal longest = long.MaxValue / TimeSpan.TicksPerMicrosecond / 2;
        bool fits = value >= 0 && value <= longest / microsecondsPerUnit;
        time = fits ? TimeSpan.FromTicks((long)decimal.Floor(value * microsecondsPerUnit) * TimeSpan.TicksPerMicrosecond) : default;
        return fits;
    }

    /// <summary>What a message shows of a field.</summary>
    public static string Text(ReadOnlySpan<byte> field)
    {
        const int longest = 40;
        string text = Encoding.UTF8.GetString(field);
        return text.Length <= longest ? text : $"{text[..longest]}…";
    }
}
