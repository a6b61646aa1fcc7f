using System.CommandLine;
using Replay.Manager;

namespace Replay.CommandLine;

/// <summary>The option that says which managers a command runs through, one after another.</summary>
internal static class AllocatorOption
{
    public static Option<string[]> Create() => new("--allocator")
    {
        Description = $"The managers, one after another, separated by commas: {string.Join(", ", Managers.Names)}. [default: {Managers.Paged}]",
        HelpName = "NAME[,NAME…]",
        CustomParser = static result =>
        {
            string[] names = result.Tokens[0].Value.Split(',', StringSplitOptions.TrimEntries);
            string? unknown = names.FirstOrDefault(static name => !Managers.Names.Contains(name));
            if (unknown is not null || names.Distinct().Count() < names.Length)
            {
                result.AddError($"--allocator takes different ones of {string.Join(", ", Managers.Names)}, not '{result.Tokens[0].Value}'.");
            }

            return names;
        },
    };

    /// <summary>The managers' names, as given.</summary>
    public static IReadOnlyList<string> Names(this Option<string[]> option, ParseResult parsed) =>
        parsed.GetResult(option) is null ? [Managers.Paged] : parsed.GetValue(option)!;
}
