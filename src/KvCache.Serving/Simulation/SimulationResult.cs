namespace KvCache.Serving.Simulation;

/// <summary>What a simulation gave: every step and every request.</summary>
/// <param name="Steps">The steps, in order.</param>
/// <param name="Requests">The requests, in order of arrival.</param>
/// <param name="TotalBlocks">The blocks of the memory.</param>
public sealed record SimulationResult(IReadOnlyList<StepRecord> Steps, IReadOnlyList<RequestRecord> Requests, int TotalBlocks)
{
    /// <summary>Sums the requests up. Costs O(requests × log requests).</summary>
    /// <param name="objectives">What service is good enough; null for any.</param>
    /// <returns>The summary.</returns>
    public ServiceSummary Summarize(ServiceObjectives? objectives = null) => ServiceSummary.Of(this, objectives ?? new ServiceObjectives());
}
