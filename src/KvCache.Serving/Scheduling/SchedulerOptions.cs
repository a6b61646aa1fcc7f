namespace KvCache.Serving.Scheduling;

/// <summary>How a <see cref="ContinuousBatchScheduler"/> is made.</summary>
public sealed record SchedulerOptions
{
    /// <summary>Gets the most tokens that one step computes, over all requests; at least 1.</summary>
    /// <value>Default: 2,048.</value>
    public int MaxStepTokens { get; init; } = 2048;

    /// <summary>Gets the most requests that run at a time; at least 1.</summary>
    /// <value>Default: 256.</value>
    public int MaxSequences { get; init; } = 256;

    /// <summary>Gets who decides which waiting requests start.</summary>
    /// <value>Default: <see cref="FcfsAdmission"/>.</value>
    public IAdmissionPolicy Admission { get; init; } = new FcfsAdmission();

    /// <summary>Gets who decides which running requests compute in a step.</summary>
    /// <value>Default: <see cref="WholeBatch"/>.</value>
    public IBatchPolicy Batch { get; init; } = new WholeBatch();

    /// <summary>Gets who decides whose memory is taken.</summary>
    /// <value>Default: <see cref="LastStartedVictim"/>.</value>
    public IVictimPolicy Victims { get; init; } = new LastStartedVictim();

    /// <summary>Gets who decides whether it is kept on the host meanwhile.</summary>
    /// <value>Default: <see cref="RecomputePreemption"/>.</value>
    public IPreemptionPolicy Preemption { get; init; } = new RecomputePreemption();

    /// <summary>Gets who hears of what becomes of requests.</summary>
    /// <value>Default: null, nobody.</value>
    public ISchedulerListener? Listener { get; init; }

    /// <summary>Gets the clock that times are read from; it decides nothing.</summary>
    /// <value>Default: <see cref="TimeProvider.System"/>.</value>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    internal void Validate()
    {
        AtLeastOne(MaxStepTokens, nameof(MaxStepTokens));
        AtLeastOne(MaxSequences, nameof(MaxSequences));
        ArgumentNullException.ThrowIfNull(Admission);
        ArgumentNullException.ThrowIfNull(Batch);
        ArgumentNullException.ThrowIfNull(Victims);
        ArgumentNullException.ThrowIfNull(Preemption);
        ArgumentNullException.ThrowIfNull(TimeProvider);
    }

    private static void AtLeastOne(int value, string name)
    {
        if (value < 1)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} is {value}; expected at least 1.");
        }
    }
}
