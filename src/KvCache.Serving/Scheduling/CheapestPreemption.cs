using KvCache.Serving.CostModels;
using KvCache.Tiers;

namespace KvCache.Serving.Scheduling;

/// <summary>Suspends a victim where copying it to the host and back is quicker than computing it again, by what has been measured.</summary>
/// <remarks>
/// <para>Copying is dated by the <see cref="HostTier"/>'s measured rates, computing by a cost model: what the victim's tokens add to a step.
/// When a suspended request may go on, the question is asked again, now without the way to the host, which is paid for, and without what the
/// cache has.</para>
/// <para>With hysteresis, so that noise does not turn the answer over and over: copying begins to be preferred where it is quicker even if the
/// rates are worse than measured by their error, and ceases to be where it is slower at the rates as measured. So it never takes longer than
/// computing by more than the measurement's error.</para>
/// <para>Until copies have been measured the tier's assumed rate counts, with an error of one half. O(1), one estimate of the cost model.</para>
/// </remarks>
public sealed class CheapestPreemption : IPreemptionPolicy
{
    private readonly ICostModel _costs;
    private bool _suspends;
    private bool _resumes = true;

    /// <summary>Makes a policy.</summary>
    /// <param name="costs">How long computing takes.</param>
    public CheapestPreemption(ICostModel costs)
    {
        ArgumentNullException.ThrowIfNull(costs);
        _costs = costs;
    }

    /// <inheritdoc/>
    public bool ShouldSuspend(IKvAllocator allocator, ServingRequest request)
    {
        ArgumentNullException.ThrowIfNull(allocator);
        ArgumentNullException.ThrowIfNull(request);
        if (allocator.HostTier is not { } tier)
        {
            return false;
        }

        long bytes = request.ComputedLength * allocator.Geometry.BytesPerToken;
        _suspends = Prefers(_suspends, Time(tier.ToHost, bytes) + Time(tier.ToDevice, bytes), Recompute(request, 0));
        return _suspends;
    }

    /// <inheritdoc/>
    public bool ShouldResume(IKvAllocator allocator, ServingRequest request, int hitTokens)
    {
        ArgumentNullException.ThrowIfNull(allocator);
        ArgumentNullException.ThrowIfNull(request);
        if (allocator.HostTier is not { } tier)
        {
            return false;
        }

        long bytes = Math.Max(0, request.ComputedLength - hitTokens) * allocator.Geometry.BytesPerToken;
        _resumes = Prefers(_resumes, Time(tier.ToDevice, bytes), Recompute(request, hitTokens));
        return _resumes;
    }

    private static bool Prefers(bool before, CopyTime copy, double recompute) =>
        before ? copy.Mean <= recompute : copy.Mean + copy.Error <= recompute;

    private static CopyTime Time(LinkRate rate, long bytes)
    {
        double seconds = rate.TimeFor(bytes).TotalSeconds;
        return new CopyTime(seconds, seconds * rate.RelativeError);
    }

    /// <summary>What computing the tokens adds to a step that is made anyway.</summary>
    private double Recompute(ServingRequest request, int context)
    {
        int tokens = request.ComputedLength - context;
        if (tokens <= 0)
        {
            return 0;
        }

        StepWork work = new([new RowWork(tokens, context, IsDecode: false, Samples: true)]);
        return Math.Max(0, (_costs.Estimate(work).Total - _costs.Estimate(new StepWork([])).Total).TotalSeconds);
    }

    /// <summary>Seconds, and by how many they may be wrong.</summary>
    private readonly record struct CopyTime(double Mean, double Error)
    {
        public static CopyTime operator +(CopyTime left, CopyTime right) => new(left.Mean + right.Mean, left.Error + right.Error);
    }
}
