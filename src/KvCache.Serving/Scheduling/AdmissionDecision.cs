namespace KvCache.Serving.Scheduling;

/// <summary>What an admission policy says of the next waiting request.</summary>
public enum AdmissionDecision
{
    /// <summary>It may start in this step, if there is memory for its first chunk.</summary>
    Admit,

    /// <summary>Not in this step; the one behind it is asked about.</summary>
    Skip,

    /// <summary>Not in this step, nor any behind it.</summary>
    Stop,
}
