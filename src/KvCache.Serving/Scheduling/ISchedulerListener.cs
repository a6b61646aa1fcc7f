namespace KvCache.Serving.Scheduling;

/// <summary>Hears of what becomes of requests. Members that are not implemented do nothing.</summary>
/// <remarks>
/// Called on the scheduler's thread when its books are settled: requests may be submitted and cancelled from here, but no
/// step be scheduled.
/// </remarks>
public interface ISchedulerListener
{
    /// <summary>A request was accepted, and waits.</summary>
    /// <param name="request">The request.</param>
    void OnSubmitted(ServingRequest request)
    {
    }

    /// <summary>A request was given memory, for the first time or after a preemption, and has a row in the step being made.</summary>
    /// <param name="request">The request.</param>
    void OnStarted(ServingRequest request)
    {
    }

    /// <summary>A request's memory was taken; it waits, before all that are no more urgent and came later.</summary>
    /// <param name="request">The request.</param>
    void OnPreempted(ServingRequest request)
    {
    }

    /// <summary>A request ended, finished or cancelled, and has given its memory back.</summary>
    /// <param name="request">The request; <see cref="ServingRequest.Status"/> says how.</param>
    void OnEnded(ServingRequest request)
    {
    }
}
