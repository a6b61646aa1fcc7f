namespace KvCache.Serving.Scheduling;

/// <summary>Decides which running requests compute in a step; the others pause, and keep the memory that they have.</summary>
/// <remarks>
/// The running request that started first always computes, so that there is progress. An instance serves one scheduler, on its thread.
/// Requests that start in a step are the <see cref="IAdmissionPolicy"/>'s concern.
/// </remarks>
public interface IBatchPolicy
{
    /// <summary>A step is being made, and running requests are about to be asked about. Must allocate nothing.</summary>
    /// <param name="scheduler">The scheduler: who runs, since when, and what time it is.</param>
    void BeginStep(ContinuousBatchScheduler scheduler);

    /// <summary>Decides on a running request: on each but the first, in the order in which they started; on one perhaps more than once, where memory is short.</summary>
    /// <param name="request">The request.</param>
    /// <returns>Whether it computes in this step.</returns>
    bool Includes(ServingRequest request);
}
