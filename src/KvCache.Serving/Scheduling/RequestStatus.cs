namespace KvCache.Serving.Scheduling;

/// <summary>Where a request stands in its life.</summary>
public enum RequestStatus
{
    /// <summary>Not submitted yet, or refused.</summary>
    New,

    /// <summary>Waits for memory, for the first time or after a preemption.</summary>
    Waiting,

    /// <summary>Has a sequence, and rows in steps.</summary>
    Running,

    /// <summary>Ended with all its tokens, or at a stop token.</summary>
    Finished,

    /// <summary>Was cancelled before its end.</summary>
    Cancelled,
}
