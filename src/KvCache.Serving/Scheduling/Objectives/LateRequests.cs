namespace KvCache.Serving.Scheduling.Objectives;

/// <summary>What becomes of those that wait while a request decodes that will miss its objective whether somebody is admitted or not.</summary>
public enum LateRequests
{
    /// <summary>It is no reason not to admit: its objective is lost, and those that wait have theirs to lose.</summary>
    Disregard,

    /// <summary>Nobody is admitted until it ends, so that it is no later than it has to be.</summary>
    Protect,
}
