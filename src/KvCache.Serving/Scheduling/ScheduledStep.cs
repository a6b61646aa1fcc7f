using System.Diagnostics.CodeAnalysis;
using KvCache.Serving.CostModels;

namespace KvCache.Serving.Scheduling;

/// <summary>What a scheduler chose for one step: rows for <see cref="IKvAllocator.BeginStep"/>, and whose they are.</summary>
/// <remarks>
/// A small value that names a step by number, so that a stale copy is caught; its spans are valid until the step is completed or
/// abandoned. The scheduler's thread. Allocates nothing.
/// </remarks>
[SuppressMessage("Performance", "CA1815", Justification = "A handle; two of them are never compared.")]
public readonly struct ScheduledStep
{
    private readonly StepPlan? _plan;
    private readonly long _generation;

    internal ScheduledStep(StepPlan plan)
    {
        _plan = plan;
        _generation = plan.Generation;
    }

    /// <summary>Gets whether the step has been neither completed nor abandoned.</summary>
    public bool IsOpen => _plan is not null && _plan.Generation == _generation;

    /// <summary>Gets the rows: a sequence each, and how many of its next positions to compute.</summary>
    /// <exception cref="InvalidOperationException">The step has ended.</exception>
    public ReadOnlySpan<KvRow> Rows => Plan.Rows;

    /// <summary>Gets the request of each row.</summary>
    /// <exception cref="InvalidOperationException">The step has ended.</exception>
    public ReadOnlySpan<ServingRequest> Requests => Plan.Requests;

    /// <summary>Gets what each row computes: how much, behind how much, and whether it yields a token.</summary>
    /// <exception cref="InvalidOperationException">The step has ended.</exception>
    public ReadOnlySpan<RowWork> RowWork => Plan.Work;

    /// <summary>Gets what the step computes, for a cost model. Costs O(rows).</summary>
    /// <exception cref="InvalidOperationException">The step has ended.</exception>
    public StepWork Work => new(Plan.Work);

    /// <summary>Gets the number of positions that the step computes.</summary>
    /// <exception cref="InvalidOperationException">The step has ended.</exception>
    public int TokenCount => Plan.TokenCount;

    /// <summary>Gets the number of rows that yield a token: what <see cref="ContinuousBatchScheduler.Complete"/> must be given.</summary>
    /// <exception cref="InvalidOperationException">The step has ended.</exception>
    public int SampledRows => Plan.SampledRows;

    /// <summary>Gets the number of requests whose memory was taken for the step's sake.</summary>
    /// <exception cref="InvalidOperationException">The step has ended.</exception>
    public int Preempted => Plan.Preempted.Count;

    /// <summary>Gets the tokens that a row computes.</summary>
    /// <param name="row">0 … rows − 1.</param>
    /// <returns>As many tokens as the row has positions.</returns>
    /// <exception cref="IndexOutOfRangeException">There is no such row.</exception>
    /// <exception cref="InvalidOperationException">The step has ended.</exception>
    public ReadOnlySpan<int> Tokens(int row)
    {
        RowWork work = Plan.Work[row];
        return Plan.Requests[row].Tokens.Slice(work.Context, work.Tokens);
    }

    internal bool IsOf(StepPlan plan) => _plan == plan;

    private StepPlan Plan =>
        IsOpen ? _plan! : throw new InvalidOperationException("The step has ended: it was completed or abandoned, or is no step at all.");
}
