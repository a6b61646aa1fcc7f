using System.CommandLine;
using System.Globalization;
using System.Numerics;

namespace Generate.CommandLine;

/// <summary>Options whose values are checked while the command line is read, each complaint in one line.</summary>
internal static class OptionValues
{
    /// <summary>An option that takes a whole number of at least 1.</summary>
    public static Option<int> Count(string name, string description, int standard, int most = int.MaxValue) =>
        Number(name, description, "N", standard, NumberStyles.None, value => value >= 1 && value <= most, $"a whole number from 1 to {most}");

    /// <summary>An option that takes a number.</summary>
    public static Option<TNumber> Number<TNumber>(
        string name, string description, string unit, TNumber standard, NumberStyles styles, Predicate<TNumber> fits, string expected)
        where TNumber : INumber<TNumber> => new(name)
        {
            Description = description,
            HelpName = unit,
            DefaultValueFactory = _ => standard,
            CustomParser = result =>
            {
                string value = result.Tokens[0].Value;
                if (TNumber.TryParse(value, styles, CultureInfo.InvariantCulture, out TNumber? number) && fits(number))
                {
                    return number;
                }

                result.AddError($"{name} takes {expected}, not '{value}'.");
                return standard;
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

    /// <summary>An option that may be given several times.</summary>
    public static Option<string[]> Several(string name, string description, string unit) => new(name)
    {
        Description = description,
        HelpName = unit,
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
        DefaultValueFactory = static _ => [],
    };

    /// <summary>As <see cref="Several"/>; its values name files.</summary>
    public static Option<string[]> Files(string name, string description) => NamingFiles(Several(name, description, "FILE"));

    /// <summary>The option, which now refuses an empty name.</summary>
    public static Option<T> NamingFiles<T>(Option<T> option)
    {
        option.Validators.Add(result =>
        {
            if (result.Tokens.Any(static token => token.Value.Length == 0))
            {
                result.AddError($"{option.Name} takes the name of a file, not ''.");
            }
        });
        return option;
    }
}
