using KvCache.Serving.Scheduling;
using KvCache.Serving.Scheduling.Objectives;
using Xunit;

namespace KvCache.Serving.Tests.Scheduling.Objectives;

/// <summary>Asks the policy, and works every answer out again from its definition, in microseconds and with lists.</summary>
internal sealed class PlainAdmission(SloAwareAdmission policy, SloAwareAdmissionOptions options, ObjectivesLoad load) : IAdmissionPolicy
{
    private readonly List<ServingRequest> _newcomers = [];
    private ServingRequest[] _running = [];
    private double _now;
    private bool _hasStopped;

    public int Stopped { get; private set; }

    public int LateOnes { get; private set; }

    public int UpperEdges { get; private set; }

    private double Objective => options.TimePerOutputToken.TotalMicroseconds;

    public void BeginStep(ContinuousBatchScheduler scheduler)
    {
        policy.BeginStep(scheduler);
        _running = scheduler.Running.ToArray();
        _newcomers.Clear();
        _now = scheduler.Now.TotalMicroseconds;
        _hasStopped = false;
    }

    public AdmissionDecision Decide(AdmissionCandidate candidate)
    {
        Assert.False(_hasStopped);
        _newcomers.Add(candidate.Request);
        double allowed = Counted().Select(request => Slack(request, _newcomers)).DefaultIfEmpty(double.MaxValue).Min();
        bool waitedEnough = options.LongestWait is { } longest && _now - candidate.Request.SubmittedAt.TotalMicroseconds > longest.TotalMicroseconds;
        bool expected = waitedEnough || Prefill(_newcomers) <= allowed;
        AdmissionDecision actual = policy.Decide(candidate);

        // Where both sides are equal up to rounding either answer is right.
        if (waitedEnough || Math.Abs(Prefill(_newcomers) - allowed) > 1)
        {
            Assert.Equal(expected ? AdmissionDecision.Admit : AdmissionDecision.Stop, actual);
        }

        _hasStopped = actual == AdmissionDecision.Stop;
        Stopped += _hasStopped ? 1 : 0;
        return actual;
    }

    public void EndRequest(ServingRequest request) => policy.EndRequest(request);

    private IEnumerable<ServingRequest> Counted()
    {
        foreach (ServingRequest request in _running.Where(static request => request.FirstTokenAt is not null))
        {
            bool late = Slack(request, []) < Prefill([]) - 1e-3;
            LateOnes += late ? 1 : 0;
            if (!late || options.Late == LateRequests.Protect)
            {
                yield return request;
            }
        }
    }

    /// <summary>What every prompt not computed yet takes on its own.</summary>
    private double Prefill(List<ServingRequest> newcomers) => _running
        .Where(static request => request.OutputLength == 0 || request.TokenCount - request.ComputedLength > 1)
        .Concat(newcomers)
        .Sum(request => load.Base + ((double)load.PrefillToken * (request.TokenCount - request.ComputedLength)));

    private double Slack(ServingRequest request, List<ServingRequest> newcomers)
    {
        double step = load.Base + ((double)load.DecodeRequest * Resident(newcomers).Count);
        (int least, int most) = ToCome(request);
        UpperEdges += step >= Objective ? 1 : 0;
        double tokens = step < Objective ? least : most;
        double before = Resident([]).Contains(request)
            ? 0
            : _running.TakeWhile(other => other != request).Sum(other => (double)other.TokenCount * ToCome(other).Most) / options.DeviceTokens;
        double past = _now - request.FirstTokenAt!.Value.TotalMicroseconds;
        return (Objective * (request.OutputLength - 1 + tokens)) - past - (step * (before + tokens));
    }

    private List<ServingRequest> Resident(List<ServingRequest> newcomers)
    {
        List<ServingRequest> resident = [];
        foreach (ServingRequest request in _running.Concat(newcomers))
        {
            if (resident.Count == 0 || resident.Sum(static other => (long)other.TokenCount) + request.TokenCount <= options.DeviceTokens)
            {
                resident.Add(request);
            }
        }

        return resident;
    }

    private (int Least, int Most) ToCome(ServingRequest request)
    {
        OutputLengthRange range = options.Predictor.Predict(request);
        int least = Math.Max(1, Math.Min(request.MaxTokens, range.Least) - request.OutputLength);
        return (least, Math.Max(least, Math.Max(1, Math.Min(request.MaxTokens, range.Most) - request.OutputLength)));
    }
}
