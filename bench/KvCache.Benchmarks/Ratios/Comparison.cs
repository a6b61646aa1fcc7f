using KvCache.Benchmarks.Contestants;
using KvCache.Benchmarks.Workloads;

namespace KvCache.Benchmarks.Ratios;

/// <summary>Something to compare: who takes part, in which shapes, and beside whom everybody is put.</summary>
/// <param name="Title">What the report is called.</param>
/// <param name="Shapes">The shapes.</param>
/// <param name="Reference">The name of the one whose time is 1.</param>
/// <param name="Create">Makes those of a shape and a number of threads whose names are wanted.</param>
/// <param name="Targets">What a table must show.</param>
/// <param name="TouchesAll">
/// Whether all of a contestant's memory is used once before each turn. Under a hypervisor, small pages that were not used for seconds cost half a microsecond
/// each when they are used again.
/// </param>
internal sealed record Comparison(
    string Title,
    IReadOnlyList<AttentionShape> Shapes,
    string Reference,
    Func<AttentionShape, int, Predicate<string>, ContestantSet> Create,
    Func<RatioTable, IEnumerable<Target>> Targets,
    bool TouchesAll)
{
    /// <summary>Gets the ways to compute attention.</summary>
    public static Comparison OfAttention { get; } = new(
        "Attention, compared in turn",
        AttentionShape.All,
        ContestantSet.Ours,
        static (shape, threads, takesPart) => new ContestantSet(shape, threads, takesPart),
        Target.For,
        TouchesAll: false);

    /// <summary>Gets the places in which keys and values can lie.</summary>
    public static Comparison OfPlaces { get; } = new(
        "Decode by where keys and values lie, compared in turn",
        AttentionShape.Places,
        PlaceContestants.Virtual,
        static (shape, threads, takesPart) => new ContestantSet(shape, threads, takesPart, PlaceContestants.Of),
        Target.ForPlaces,
        TouchesAll: true);
}
