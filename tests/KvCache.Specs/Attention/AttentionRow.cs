using System.Globalization;

namespace KvCache.Specs.Attention;

/// <summary>A row of a batch.</summary>
/// <param name="Cached">Positions whose keys and values are in the cache already.</param>
/// <param name="Computed">Positions that the step computes.</param>
/// <param name="Shared">How many of the cached positions are shared with the row before, through a fork.</param>
/// <param name="Ahead">Tokens known beyond those, to be computed later.</param>
public readonly record struct AttentionRow(int Cached, int Computed, int Shared = 0, int Ahead = 0)
{
    /// <summary>The positions that the row holds in this step.</summary>
    public int Length => Cached + Computed;

    /// <summary>Reads what <see cref="ToString"/> writes.</summary>
    public static AttentionRow Parse(string text)
    {
        string[] numbers = text.Split('+', '@', '/');
        int Number(char mark) => text.Contains(mark, StringComparison.Ordinal)
            ? int.Parse(text[(text.IndexOf(mark, StringComparison.Ordinal) + 1)..].Split('/')[0], CultureInfo.InvariantCulture)
            : 0;
        return new AttentionRow(
            int.Parse(numbers[0], CultureInfo.InvariantCulture), int.Parse(numbers[1], CultureInfo.InvariantCulture), Number('@'), Number('/'));
    }

    /// <summary>Cached + computed, then @ shared and / ahead where there are any.</summary>
    public override string ToString() =>
        $"{Cached}+{Computed}{(Shared > 0 ? $"@{Shared}" : "")}{(Ahead > 0 ? $"/{Ahead}" : "")}";
}
