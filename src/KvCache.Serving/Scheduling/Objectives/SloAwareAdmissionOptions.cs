namespace KvCache.Serving.Scheduling.Objectives;

/// <summary>How a <see cref="SloAwareAdmission"/> weighs those that run against those that wait.</summary>
public sealed record SloAwareAdmissionOptions
{
    /// <summary>Gets the longest mean time per output token after the first that is good service; above 0.</summary>
    public required TimeSpan TimePerOutputToken { get; init; }

    /// <summary>Gets who says how long answers become.</summary>
    /// <value>Default: a <see cref="HistogramOutputLengths"/> of its own.</value>
    public IOutputLengthPredictor Predictor { get; init; } = new HistogramOutputLengths();

    /// <summary>Gets what a request that is late anyway is to those that wait.</summary>
    /// <value>Default: <see cref="LateRequests.Disregard"/>.</value>
    public LateRequests Late { get; init; } = LateRequests.Disregard;

    /// <summary>Gets how long a request waits at most for others' objectives, before it is admitted all the same; at least 0.</summary>
    /// <value>Default: null, as long as those that decode need; since none behind it is admitted either, these end.</value>
    public TimeSpan? LongestWait { get; init; }

    /// <summary>
    /// Gets the tokens whose keys and values the device has room for; at least 1. Of the requests that run, in the order in which they
    /// started, those beyond it are taken to decode only once those before them have ended.
    /// </summary>
    /// <value>Default: no limit, for managers that keep all that runs on the device.</value>
    public long DeviceTokens { get; init; } = long.MaxValue;

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Predictor);
        if (TimePerOutputToken <= TimeSpan.Zero)
        {
            throw new ArgumentOutOfRangeException(
                nameof(TimePerOutputToken), TimePerOutputToken, $"{nameof(TimePerOutputToken)} is {TimePerOutputToken}; expected above 0.");
        }

        if (LongestWait < TimeSpan.Zero)
        {
            throw new ArgumentOutOfRangeException(nameof(LongestWait), LongestWait, $"{nameof(LongestWait)} is {LongestWait}; expected at least 0.");
        }

        if (DeviceTokens < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(DeviceTokens), DeviceTokens, $"{nameof(DeviceTokens)} is {DeviceTokens}; expected at least 1.");
        }
    }
}
