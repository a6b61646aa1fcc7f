namespace KvCache.Serving.Scheduling;

/// <summary>Decides which waiting requests may start.</summary>
/// <remarks>
/// Requests are offered by priority, and in the order of arrival among equals, while the step has tokens and the batch places
/// left; one that is admitted and gets no memory ends the scan. An instance serves one scheduler, on its thread.
/// </remarks>
public interface IAdmissionPolicy
{
    /// <summary>A step is being made, its running requests have their tokens, and waiting ones are about to be offered.</summary>
    /// <remarks>Called only where some wait, and nothing was preempted in this step. Must allocate nothing.</remarks>
    /// <param name="scheduler">The scheduler: who runs, since when, and what time it is.</param>
    void BeginStep(ContinuousBatchScheduler scheduler);

    /// <summary>Decides on the next waiting request.</summary>
    /// <param name="candidate">The request, and what it would compute.</param>
    /// <returns>The decision.</returns>
    AdmissionDecision Decide(AdmissionCandidate candidate);

    /// <summary>A request of the scheduler has ended, whether it was ever admitted or not. Does nothing where it is not implemented.</summary>
    /// <param name="request">The request; <see cref="ServingRequest.Status"/> says how.</param>
    void EndRequest(ServingRequest request)
    {
    }
}
