using KvCache.Serving.CostModels;

namespace Replay.Figures;

/// <summary>The figures of layer-wise offload with admission by objectives, beside the paged manager: those of LayerKV (arXiv 2410.00428), and what they rest on.</summary>
internal sealed record LayerKvFigures
{
    private static readonly Variant[] Managers = [Variant.Paged, Variant.Layerwise];

    /// <summary>Gets the models with their devices.</summary>
    public IReadOnlyList<Deployment> Deployments { get; init; } =
    [
        new(TransformerModels.Llama2With7B, AcceleratorDevices.L20, 1),
        new(TransformerModels.YiWith34B, AcceleratorDevices.L20, 2),
        new(TransformerModels.Llama31With70B, AcceleratorDevices.L20, 4),
    ];

    public IReadOnlyList<int> Contexts { get; init; } = [128, 256, 512, 1_024, 1_536, 2_048, 4_096, 8_192, 16_384];

    public int OutputTokens { get; init; } = 512;

    public int Requests { get; init; } = 100;

    public double Rate { get; init; } = 1;

    /// <summary>Gets the lengths of the requests over whose rate is drawn; none for no such figures.</summary>
    public IReadOnlyList<(int Prompt, int Output)> Lengths { get; init; } = [];

    public string LengthsName { get; init; } = "";

    public IReadOnlyList<double> Rates { get; init; } = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3];

    /// <summary>Gets the context at which policies are taken away and assumptions are changed.</summary>
    public int AblationContext { get; init; } = 2_048;

    private Deployment First => Deployments[0];

    public IReadOnlyList<Figure> All =>
    [
        .. Deployments.Select(Context),
        .. Lengths.Count > 0 ? Deployments.Select(OverRate) : [],
        Ablation,
        .. Lengths.Count > 0 ? [AblationOverRate] : (IEnumerable<Figure>)[],
        OverTokenObjective,
        OverFirstTokenObjective,
        OverLink,
        OverPredictor,
        OverReloadShare,
    ];

    private Figure Context(Deployment deployment) => new(
        $"layerkv-context-{FileName(deployment)}",
        $"{deployment.Name}: {Requests} requests, {Rate} a second, answers of {OutputTokens} tokens",
        "Context (tokens)",
        [.. Managers.SelectMany(variant => Contexts.Select(context => Of(deployment, AtContext(context), variant)))],
        [Panel.FirstToken, Panel.Queueing, Panel.Violations, Panel.Token, Panel.Throughput]);

    private Figure OverRate(Deployment deployment) => new(
        $"layerkv-rate-{FileName(deployment)}",
        $"{deployment.Name}: {Lengths.Count} requests of {LengthsName}",
        "Requests per second",
        [.. Managers.SelectMany(variant => Rates.Select(rate => Of(deployment, AtRate(rate), variant)))],
        [Panel.FirstToken, Panel.Violations, Panel.Token, Panel.Throughput]);

    private Figure Ablation => new(
        "layerkv-ablation-context",
        $"{First.Name}: without one policy at a time, {Requests} requests, {Rate} a second",
        "Context (tokens)",
        [.. Variant.Ablations.Prepend(Variant.Paged).SelectMany(variant => Contexts
            .Where(static context => context is >= 1_024 and <= 4_096)
            .Select(context => Of(First, AtContext(context), variant)))],
        [Panel.FirstToken, Panel.Violations, Panel.Token, Panel.Throughput]);

    private Figure AblationOverRate => new(
        "layerkv-ablation-rate",
        $"{First.Name}: without one policy at a time, {Lengths.Count} requests of {LengthsName}",
        "Requests per second",
        [.. Variant.Ablations.Prepend(Variant.Paged).SelectMany(variant => Rates.Select(rate => Of(First, AtRate(rate), variant)))],
        [Panel.FirstToken, Panel.Violations, Panel.Token, Panel.Throughput]);

    private Figure OverTokenObjective => new(
        "layerkv-objective-tpot",
        $"{First.Name}: context {AblationContext}, over the objective for the time per output token",
        "Objective (× the unloaded time per output token)",
        [.. Managers.SelectMany(variant => ((double[])[2, 3, 4, 5, 6, 8, 10, 12, 16]).Select(scale =>
            Of(First, AtContext(AblationContext), variant) with { Scale = ObjectiveScale.Default with { Token = scale } }))],
        [Panel.FirstToken, Panel.Violations, Panel.Throughput])
    {
        X = static served => served.Scale.Token,
    };

    private Figure OverFirstTokenObjective => new(
        "layerkv-objective-ttft",
        $"{First.Name}: context {AblationContext}, over the objective for the time to first token",
        "Objective (× the unloaded time to first token)",
        [.. Managers.SelectMany(variant => ((double[])[2, 3, 5, 10, 20, 50, 100]).Select(scale =>
            Of(First, AtContext(AblationContext), variant) with { Scale = ObjectiveScale.Default with { FirstToken = scale } }))],
        [Panel.Violations])
    {
        X = static served => served.Scale.FirstToken,
    };

    private Figure OverLink => new(
        "layerkv-link",
        $"{First.Name}: context {AblationContext}, over the bandwidth that copies reach on PCI Express 4.0 ×16",
        "Bandwidth (GB/s)",
        [.. Managers.SelectMany(variant => ((double[])[1, 2, 3, 5, 10, 16, 26]).Select(gigabytes =>
            Of(First with { LinkEfficiency = gigabytes * 1e9 / First.Device.LinkBytesPerSecond }, AtContext(AblationContext), variant)))],
        [Panel.FirstToken, Panel.Violations, Panel.Token, Panel.Throughput])
    {
        X = static served => served.Deployment.Link.BytesPerSecond / 1e9,
    };

    private Figure OverPredictor => new(
        "layerkv-predictor",
        $"{First.Name}: who says how long answers become",
        "Context (tokens)",
        [.. Variant.Predictors.Prepend(Variant.Paged).SelectMany(variant => Contexts
            .Where(static context => context is >= 1_024 and <= 4_096)
            .Select(context => Of(First, AtContext(context), variant)))],
        [Panel.FirstToken, Panel.Violations]);

    private Figure OverReloadShare => new(
        "layerkv-reload",
        $"{First.Name}: how much of a step the link may bring layers back for those that would pause otherwise",
        "Context (tokens)",
        [.. Variant.ReloadShares.Prepend(Variant.Paged).SelectMany(variant => Contexts
            .Where(static context => context is >= 1_024 and <= 4_096)
            .Select(context => Of(First, AtContext(context), variant)))],
        [Panel.FirstToken, Panel.Violations, Panel.Token, Panel.Throughput]);

    private static Case Of(Deployment deployment, Load load, Variant variant) => new(deployment, load, variant, ObjectiveScale.Default);

    private static string FileName(Deployment deployment) => deployment.Model.Name.ToLowerInvariant();

    private Load AtContext(int context) => Load.OfContext(context, OutputTokens, Rate, Requests);

    private Load AtRate(double rate) => Load.OfLengths(LengthsName, Lengths, rate);
}
