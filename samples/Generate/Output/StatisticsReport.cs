using System.Globalization;
using Generate.Engine;

namespace Generate.Output;

/// <summary>Says in a few lines what an engine has done.</summary>
internal static class StatisticsReport
{
    public static void Write(EngineStatistics statistics, TextWriter writer)
    {
        writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{statistics.Steps} steps."));
        writer.WriteLine(Line("prefill", statistics.PrefillTokens, statistics.PrefillTime));
        writer.WriteLine(Line("decode", statistics.DecodeTokens, statistics.DecodeTime));
        writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{statistics.HitTokens} tokens found in the cache, {statistics.Forks} forks, {statistics.Preemptions} preemptions."));
        writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"mean time to first token: {statistics.MeanTimeToFirstToken.TotalSeconds:F3} s."));
    }

    private static string Line(string kind, long tokens, TimeSpan time) => string.Create(
        CultureInfo.InvariantCulture,
        $"{kind}: {tokens} tokens in {time.TotalSeconds:F3} s{(tokens > 0 ? $", {tokens / time.TotalSeconds:F1} tokens/s" : "")}.");
}
