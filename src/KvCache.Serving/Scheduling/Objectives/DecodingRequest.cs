namespace KvCache.Serving.Scheduling.Objectives;

/// <summary>What a decoding request has left of its time.</summary>
/// <param name="Banked">What its objective gave it for the tokens it has, less what they took; negative where it is behind.</param>
/// <param name="Least">The fewest tokens that are expected to follow.</param>
/// <param name="Most">The most.</param>
/// <param name="StepsBefore">The steps that are made before it goes on, those it needs itself not among them.</param>
internal readonly record struct DecodingRequest(TimeSpan Banked, int Least, int Most, double StepsBefore)
{
    /// <summary>The time that may go to others, such that the mean time per token is within the objective at the answer's end.</summary>
    /// <remarks>
    /// Where a step takes less than the objective every token to come adds to it, so that few are the cautious guess; where it takes
    /// more, many are.
    /// </remarks>
    public TimeSpan Slack(TimeSpan objective, TimeSpan step)
    {
        double tokens = step < objective ? Least : Most;
        return Banked + TimeSpan.FromTicks((long)((tokens * (objective - step).Ticks) - (StepsBefore * step.Ticks)));
    }
}
