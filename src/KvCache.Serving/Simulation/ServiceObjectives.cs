namespace KvCache.Serving.Simulation;

/// <summary>Service-level objectives: what a request's service must be, to be good.</summary>
/// <param name="TimeToFirstToken">The longest time to first token; null for any.</param>
/// <param name="TimePerOutputToken">The longest mean time per output token after the first; null for any.</param>
public sealed record ServiceObjectives(TimeSpan? TimeToFirstToken = null, TimeSpan? TimePerOutputToken = null)
{
    /// <summary>Whether a request that was served was served well enough.</summary>
    /// <param name="request">The request.</param>
    /// <returns>Whether both objectives are met.</returns>
    public bool AreMet(RequestRecord request) =>
        request.IsServed
        && !(request.TimeToFirstToken > TimeToFirstToken)
        && !(request.TimePerOutputToken > TimePerOutputToken);
}
