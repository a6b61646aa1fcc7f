namespace Replay.Figures;

/// <summary>A figure: its cases, and how they are drawn.</summary>
/// <param name="Name">The name of its files.</param>
/// <param name="Title">What it shows.</param>
/// <param name="Axis">What the horizontal axis shows.</param>
/// <param name="Cases">The points.</param>
/// <param name="Panels">What is drawn, one below the other.</param>
internal sealed record Figure(string Name, string Title, string Axis, IReadOnlyList<Case> Cases, IReadOnlyList<Panel> Panels)
{
    /// <summary>Gets what a line's name is.</summary>
    public Func<Case, string> Line { get; init; } = static served => served.Variant.Name;

    /// <summary>Gets where a case stands on the horizontal axis.</summary>
    public Func<Case, double> X { get; init; } = static served => served.Load.X;
}
