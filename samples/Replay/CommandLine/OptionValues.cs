using System.CommandLine;
using System.Globalization;

namespace Replay.CommandLine;

/// <summary>Options whose values are checked while the command line is read, each complaint in one line.</summary>
internal static class OptionValues
{
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
}
