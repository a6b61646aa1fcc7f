namespace KvCache.Serving.Scheduling;

/// <summary>First come, first served: whoever is next starts as soon as there is memory for its first chunk.</summary>
/// <remarks>It does not look at what a newcomer costs those that run. Source: the scheduler of vLLM V1.</remarks>
public sealed class FcfsAdmission : IAdmissionPolicy
{
    /// <inheritdoc/>
    public void BeginStep(ContinuousBatchScheduler scheduler)
    {
    }

    /// <inheritdoc/>
    public AdmissionDecision Decide(AdmissionCandidate candidate) => AdmissionDecision.Admit;
}
