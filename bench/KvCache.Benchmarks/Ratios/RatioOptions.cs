using KvCache.Benchmarks.Workloads;

namespace KvCache.Benchmarks.Ratios;

/// <summary>What the comparison is asked for on the command line.</summary>
internal sealed record RatioOptions
{
    public const string Usage =
        "ratios|places [--quick] [--rounds 15] [--threads 1,2] [--shapes text] [--contestants text,text]";

    public int Rounds { get; private init; } = 15;

    /// <summary>How long each contestant is timed in a round.</summary>
    public TimeSpan Turn { get; private init; } = TimeSpan.FromMilliseconds(40);

    public int[] Threads { get; private init; } = [1, 2];

    /// <summary>Part of the names of the shapes that are run.</summary>
    public string Shapes { get; private init; } = "";

    /// <summary>Parts of the names of those who take part.</summary>
    public string[] Contestants { get; private init; } = [""];

    public bool Takes(AttentionShape shape) => shape.ToString().Contains(Shapes, StringComparison.Ordinal);

    public bool Takes(string contestant) =>
        Contestants.Any(part => contestant.Contains(part, StringComparison.Ordinal));

    /// <exception cref="ArgumentException">A word that is not understood.</exception>
    public static RatioOptions Parse(ReadOnlySpan<string> words)
    {
        RatioOptions options = new();
        for (int i = 0; i < words.Length; i++)
        {
            options = words[i..] switch
            {
                ["--quick", ..] => options with { Rounds = 5, Turn = TimeSpan.FromMilliseconds(15) },
                ["--rounds", string value, ..] => options with { Rounds = Number(value) },
                ["--threads", string value, ..] => options with { Threads = [.. value.Split(',').Select(Number)] },
                ["--shapes", string value, ..] => options with { Shapes = value },
                ["--contestants", string value, ..] => options with { Contestants = value.Split(',') },
                _ => throw new ArgumentException($"'{words[i]}' is not understood. Expected: {Usage}", nameof(words)),
            };
            i += words[i] == "--quick" ? 0 : 1;
        }

        return options;
    }

    private static int Number(string text) => int.TryParse(text, out int number) && number > 0
        ? number
        : throw new ArgumentException($"'{text}' is no number above 0. Expected: {Usage}", nameof(text));
}
