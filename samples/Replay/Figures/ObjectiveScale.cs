namespace Replay.Figures;

/// <summary>Objectives as multiples of what a request of the load's mean lengths gets that has the server to itself.</summary>
/// <param name="FirstToken">Of the time to first token.</param>
/// <param name="Token">Of the time per output token.</param>
internal sealed record ObjectiveScale(double FirstToken, double Token)
{
    public static ObjectiveScale Default { get; } = new(10, 8);
}
