using System.CommandLine;
using System.Globalization;
using System.Numerics;

namespace Replay.CommandLine;

/// <summary>Options whose values are checked while the command line is read, each complaint in one line.</summary>
internal static class OptionValues
{
    private const int MostPowerOfTwo = 1 << 20;

    /// <summary>An option that takes a whole number of at least 1.</summary>
    public static Option<int> Count(string name, string description, string unit) => new(name)
    {
        Description = description,
        HelpName = unit,
        CustomParser = result =>
        {
            if (int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0)
            {
                return count;
            }

            result.AddError($"{name} takes a whole number from 1 to {int.MaxValue}, not '{result.Tokens[0].Value}'.");
            return 0;
        },
    };

    /// <summary>An option that takes a power of two of at least <paramref name="least"/>.</summary>
    public static Option<int> PowerOfTwo(string name, string description, string unit, int least = 1) => new(name)
    {
        Description = description,
        HelpName = unit,
        CustomParser = result =>
        {
            string value = result.Tokens[0].Value;
            if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                && BitOperations.IsPow2(number) && number >= least && number <= MostPowerOfTwo)
            {
                return number;
            }

            result.AddError($"{name} takes a power of two from {least} to {MostPowerOfTwo}, not '{value}'.");
            return 0;
        },
    };

    /// <summary>An option that takes one of the given words; the first is the default.</summary>
    public static Option<string> Choice(string name, string description, IReadOnlyList<string> words) => new(name)
    {
        Description = description,
        HelpName = string.Join('|', words),
        DefaultValueFactory = _ => words[0],
        CustomParser = result =>
        {
            string value = result.Tokens[0].Value;
            if (!words.Contains(value))
            {
                result.AddError($"{name} takes {string.Join(" or ", words)}, not '{value}'.");
            }

            return value;
        },
    };

    /// <summary>An option that takes a number above 0.</summary>
    public static Option<decimal> Number(string name, string description, string unit) => new(name)
    {
        Description = description,
        HelpName = unit,
        CustomParser = result =>
        {
            if (decimal.TryParse(result.Tokens[0].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number) && number > 0)
            {
                return number;
            }

            result.AddError($"{name} takes a number above 0, not '{result.Tokens[0].Value}'.");
            return 0;
        },
    };

    /// <summary>An option that takes one of some named things, however the name is spelled.</summary>
    public static Option<T> Named<T>(string name, string description, IReadOnlyList<T> things, Func<T, string> nameOf)
        where T : class
    {
        T? Find(string value) => things.FirstOrDefault(thing => Spelling(nameOf(thing)) == Spelling(value));
        return new Option<T>(name)
        {
            Description = $"{description}: {string.Join(", ", things.Select(nameOf))}.",
            HelpName = "NAME",
            CustomParser = result =>
            {
                string value = result.Tokens[0].Value;
                T? found = Find(value);
                if (found is null)
                {
                    result.AddError($"{name} takes {string.Join(" or ", things.Select(nameOf))}, not '{value}'.");
                }

                return found!;
            },
        };
    }

    /// <summary>A file to write.</summary>
    public static Option<string?> OutputFile(string name, string description, string kind) => new(name)
    {
        Description = description,
        HelpName = $"OUT.{kind}",
    };

    /// <summary>Letters and digits only: "rtx-4090" is "RTX 4090".</summary>
    private static string Spelling(string name) => string.Concat(name.Where(char.IsAsciiLetterOrDigit)).ToUpperInvariant();
}
