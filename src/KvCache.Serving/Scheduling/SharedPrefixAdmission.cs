namespace KvCache.Serving.Scheduling;

/// <summary>
/// First come, first served, save that a request waits while one that runs is just computing blocks which it could share once they
/// are there; those behind it go first meanwhile.
/// </summary>
/// <remarks>
/// For managers that cache prefixes: blocks can be shared when the step that fills them is completed, so of prompts that begin alike
/// and arrive together all but the first would compute their common part in vain. Compares the tokens of each candidate with those
/// of all that run: O(running × common prefix).
/// </remarks>
public sealed class SharedPrefixAdmission : IAdmissionPolicy
{
    private ContinuousBatchScheduler? _scheduler;

    /// <inheritdoc/>
    public void BeginStep(ContinuousBatchScheduler scheduler) => _scheduler = scheduler;

    /// <inheritdoc/>
    public AdmissionDecision Decide(AdmissionCandidate candidate)
    {
        ServingRequest request = candidate.Request;
        int blockTokens = _scheduler!.Allocator.BlockTokens;
        int most = request.TokenCount - 1;
        foreach (ServingRequest other in _scheduler.Running)
        {
            if (other.ComputedLength < most && Equals(request.SequenceOptions, other.SequenceOptions))
            {
                int common = Math.Min(most, request.Tokens.CommonPrefixLength(other.Tokens)) / blockTokens * blockTokens;
                if (common > Math.Max(candidate.HitTokens, other.ComputedLength))
                {
                    return AdmissionDecision.Skip;
                }
            }
        }

        return AdmissionDecision.Admit;
    }
}
