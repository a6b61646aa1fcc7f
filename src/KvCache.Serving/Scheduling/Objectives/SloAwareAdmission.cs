using System.Runtime.InteropServices;
using KvCache.Serving.CostModels;

namespace KvCache.Serving.Scheduling.Objectives;

/// <summary>
/// First come, first served, as far as it costs no decoding request its objective: of the requests that wait the longest row of first ones is
/// admitted whose prompts can be computed in the time that those which decode have to spare.
/// </summary>
/// <remarks>
/// <para>A request with n tokens, m to come, a mean time per token of at most T wanted and steps of time t can spare
/// (T·(n − 1) − time since its first token) + m·(T − t). How many are to come is said by a predictor, as a range: where t is below T its lower
/// edge is taken, otherwise its upper one. t is the estimated time of a step in which all that run decode, those newly admitted among
/// them. The least of all spare times is what the prompts may take together: those of the newcomers, whole, and what is left of prompts that
/// were begun. Where nobody decodes, memory alone decides.</para>
/// <para>A request that would miss its objective even if nobody was admitted is late: <see cref="SloAwareAdmissionOptions.Late"/> says whether
/// it still counts. Nobody starves: the first of the queue is passed over by no other of its priority, so those that run come to their end, and
/// where nobody decodes it is admitted.</para>
/// <para>Source: Xiong et al., "LayerKV" (arXiv 2410.00428), Eqs. 1 and 2; which edge, the late, the newcomers' share of t and requests that wait
/// for device memory (<see cref="SloAwareAdmissionOptions.DeviceTokens"/>) are ours. O(running) per step and per request admitted; allocates
/// nothing in steady state.</para>
/// </remarks>
public sealed class SloAwareAdmission : IAdmissionPolicy
{
    private readonly ICostModel _costs;
    private readonly SloAwareAdmissionOptions _options;
    private readonly List<DecodingRequest> _decoding = [];
    private readonly List<RowWork> _rows = [];
    private TimeSpan _now;
    private TimeSpan _prefill;
    private long _deviceTokens;

    /// <summary>Makes a policy.</summary>
    /// <param name="costs">How long steps take.</param>
    /// <param name="options">How to weigh.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public SloAwareAdmission(ICostModel costs, SloAwareAdmissionOptions options)
    {
        ArgumentNullException.ThrowIfNull(costs);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _costs = costs;
        _options = options;
    }

    /// <summary>
    /// Gets the time that all prompts together may take, by what the policy was told last; <see cref="TimeSpan.MaxValue"/> where no
    /// decoding request limits it.
    /// </summary>
    public TimeSpan AllowedPrefill { get; private set; } = TimeSpan.MaxValue;

    /// <inheritdoc/>
    public void BeginStep(ContinuousBatchScheduler scheduler)
    {
        ArgumentNullException.ThrowIfNull(scheduler);
        _now = scheduler.Now;
        _decoding.Clear();
        _rows.Clear();
        _prefill = TimeSpan.Zero;
        _deviceTokens = 0;
        double tokenSteps = 0;
        foreach (ServingRequest request in scheduler.Running)
        {
            bool isResident = TryAddRow(request);
            if (request.UncomputedLength > 1 || request.OutputLength == 0)
            {
                _prefill += Prefill(request.UncomputedLength, request.ComputedLength);
            }

            OutputLengthRange length = _options.Predictor.Predict(request);
            int least = Left(request, length.Least);
            int most = Math.Max(least, Left(request, length.Most));
            if (request.FirstTokenAt is { } first)
            {
                TimeSpan banked = (_options.TimePerOutputToken * (request.OutputLength - 1)) - (_now - first);
                _decoding.Add(new DecodingRequest(banked, least, most, isResident ? 0 : tokenSteps / _options.DeviceTokens));
            }

            tokenSteps += (double)request.TokenCount * most;
        }

        if (_options.Late == LateRequests.Disregard)
        {
            DropLate();
        }

        AllowedPrefill = Allowed();
    }

    /// <inheritdoc/>
    public AdmissionDecision Decide(AdmissionCandidate candidate)
    {
        ServingRequest request = candidate.Request;
        int rows = _rows.Count;
        long deviceTokens = _deviceTokens;
        TryAddRow(request);
        TimeSpan prefill = _prefill + Prefill(request.TokenCount - candidate.HitTokens, candidate.HitTokens);
        TimeSpan allowed = Allowed();
        if (prefill > allowed && !(_now - request.SubmittedAt > _options.LongestWait))
        {
            CollectionsMarshal.SetCount(_rows, rows);
            _deviceTokens = deviceTokens;
            return AdmissionDecision.Stop;
        }

        _prefill = prefill;
        AllowedPrefill = allowed;
        return AdmissionDecision.Admit;
    }

    /// <inheritdoc/>
    public void EndRequest(ServingRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Status == RequestStatus.Finished)
        {
            _options.Predictor.Observe(request);
        }
    }

    /// <summary>Takes a request into the step that is made when all prompts are computed, if there is room for it on the device.</summary>
    private bool TryAddRow(ServingRequest request)
    {
        if (_rows.Count > 0 && request.TokenCount > _options.DeviceTokens - _deviceTokens)
        {
            return false;
        }

        _deviceTokens += request.TokenCount;
        _rows.Add(new RowWork(1, request.TokenCount - 1, IsDecode: true, Samples: true));
        return true;
    }

    /// <summary>The tokens still to come of an answer that is expected to have so many.</summary>
    private static int Left(ServingRequest request, int length) =>
        Math.Max(1, Math.Min(length, request.MaxTokens) - request.OutputLength);

    private TimeSpan Prefill(int tokens, int context)
    {
        RowWork row = new(tokens, context, IsDecode: false, Samples: true);
        return _costs.Estimate(new StepWork(new ReadOnlySpan<RowWork>(in row))).Total;
    }

    private TimeSpan Step() => _costs.Estimate(new StepWork(CollectionsMarshal.AsSpan(_rows))).Total;

    private void DropLate()
    {
        TimeSpan step = Step();
        int kept = 0;
        foreach (DecodingRequest request in CollectionsMarshal.AsSpan(_decoding))
        {
            if (request.Slack(_options.TimePerOutputToken, step) >= _prefill)
            {
                _decoding[kept++] = request;
            }
        }

        CollectionsMarshal.SetCount(_decoding, kept);
    }

    private TimeSpan Allowed()
    {
        TimeSpan least = TimeSpan.MaxValue;
        TimeSpan step = Step();
        foreach (DecodingRequest request in CollectionsMarshal.AsSpan(_decoding))
        {
            TimeSpan slack = request.Slack(_options.TimePerOutputToken, step);
            least = slack < least ? slack : least;
        }

        return least;
    }
}
