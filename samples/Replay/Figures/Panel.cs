namespace Replay.Figures;

/// <summary>One plot of a figure: a measure over the figure's axis.</summary>
/// <param name="Title">What it shows, with its unit.</param>
/// <param name="Value">The measure.</param>
/// <param name="IsLogarithmic">Whether the vertical axis is logarithmic.</param>
internal sealed record Panel(string Title, Func<Outcome, double> Value, bool IsLogarithmic = false)
{
    public static Panel FirstToken { get; } = new("Time to first token, mean (s)", static outcome => outcome.FirstToken, IsLogarithmic: true);

    public static Panel Queueing { get; } = new("Of it in the queue (%)", static outcome => 100 * outcome.QueueingShare);

    public static Panel Violations { get; } = new("Requests that missed an objective (%)", static outcome => 100 * outcome.Violations);

    public static Panel Token { get; } = new("Time per output token, mean (ms)", static outcome => outcome.Token);

    public static Panel Throughput { get; } = new("Output tokens per second", static outcome => outcome.Throughput);
}
