using System.Globalization;
using System.Text.RegularExpressions;

namespace KvCache.Gpu.Cuda;

/// <summary>Numbers a text's parameters and labels in the order in which they appear.</summary>
/// <remarks>ILGPU numbers them by what the process has compiled before: without this, a kernel's text would depend on it.</remarks>
internal static partial class StableNames
{
    /// <summary>Renames.</summary>
    public static string Apply(string ptx)
    {
        Dictionary<string, string> names = [];
        return Numbered().Replace(ptx, match =>
        {
            if (!names.TryGetValue(match.Value, out string? name))
            {
                name = match.Groups[1].Value + names.Count.ToString(CultureInfo.InvariantCulture);
                names.Add(match.Value, name);
            }

            return name;
        });
    }

    [GeneratedRegex(@"(?<![\w%])(L_|_[A-Za-z]\w*?_)\d+\b")]
    private static partial Regex Numbered();
}
