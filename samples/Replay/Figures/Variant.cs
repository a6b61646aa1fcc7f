using KvCache.Layerwise;
using KvCache.Serving.Scheduling;
using KvCache.Serving.Scheduling.Objectives;

namespace Replay.Figures;

/// <summary>A manager with its policies: one line of a figure.</summary>
/// <param name="Name">What the line is called.</param>
internal sealed record Variant(string Name)
{
    /// <summary>Gets whether layers move; otherwise the manager is the paged one, and all below means nothing.</summary>
    public bool IsLayerwise { get; init; } = true;

    /// <summary>Gets whether admission looks at the objective of those that decode.</summary>
    public bool IsSloAware { get; init; } = true;

    /// <summary>Gets whether requests whose layers the link cannot bring back in time pause.</summary>
    public bool Pauses { get; init; } = true;

    /// <summary>Gets the share of a step's computing in which the link may bring layers back of those that would pause otherwise.</summary>
    public double ReloadShare { get; init; } = 0.5;

    /// <summary>Gets whether layers leave before memory is short.</summary>
    public bool OffloadsAhead { get; init; } = true;

    /// <summary>Gets whether the layers that stay are spread among those that leave.</summary>
    public bool Interleaves { get; init; } = true;

    /// <summary>Gets how many layers stay, or null where time and memory decide.</summary>
    public int? Layers { get; init; }

    /// <summary>Gets who says how long answers become.</summary>
    public Func<IOutputLengthPredictor> Predictor { get; init; } = Buckets;

    public static Variant Paged { get; } = new("paged") { IsLayerwise = false };

    public static Variant Layerwise { get; } = new("layer-wise");

    public static IReadOnlyList<Variant> Ablations { get; } =
    [
        Layerwise,
        new("without SLO-aware admission") { IsSloAware = false },
        new("without interleaving") { Interleaves = false },
        new("without proactive offload") { OffloadsAhead = false },
        new("without pauses") { Pauses = false },
        new("x = 0") { Layers = 0 },
        new("x = 8") { Layers = 8 },
        new("x = 16") { Layers = 16 },
        new("x = 24") { Layers = 24 },
    ];

    public static IReadOnlyList<Variant> Predictors { get; } =
    [
        new("exact lengths") { Predictor = static () => new OracleOutputLengths() },
        new("buckets, 80 % right"),
        new("histogram") { Predictor = static () => new HistogramOutputLengths() },
    ];

    public static IReadOnlyList<Variant> ReloadShares { get; } =
        [.. ((double[])[0, 0.1, 0.25, 0.5, 1]).Select(static share => new Variant($"{100 * share:0} % of a step") { ReloadShare = share })];

    /// <summary>A model that sorts answers into buckets, four of five into the right one.</summary>
    private static BucketedOutputLengths Buckets() => new([64, 128, 256, 512, 1024, 2048], accuracy: 0.8);
}
