namespace KvCache.Serving.Scheduling;

/// <summary>Decides, step by step, which requests run, over any manager: continuous batching with chunked prefill.</summary>
/// <remarks>
/// <para>The engine's loop: submit requests; while <see cref="TrySchedule"/> gives a step, compute its rows within
/// <see cref="IKvAllocator.BeginStep"/>, complete that step and then this one with the tokens that were chosen.</para>
/// <para>Requests can be submitted and cancelled at any moment, while a step is computed too. One that could not be finished with
/// all the memory to itself is refused; so the one that started first always advances, and none waits for ever.</para>
/// <para>It knows no device, and its clock is for noting times only: the same calls in the same order give the same steps.</para>
/// <para>Threads: the allocator's owner thread. O(1) per running request and step, nothing allocated in steady state.
/// Source of the rules: the scheduler of vLLM V1; continuous batching is due to Yu et al., "Orca", OSDI 2022, chunked prefill to
/// Agrawal et al., "Sarathi-Serve", OSDI 2024.</para>
/// </remarks>
public sealed partial class ContinuousBatchScheduler
{
    private readonly SchedulerOptions _options;
    private readonly RunningList _running = new();
    private readonly WaitingQueue _waiting = new();
    private readonly StepPlan _plan = new();
    private readonly StepPlanner _planner;
    private readonly long _origin;
    private long _submitted;
    private long _steps;
    private long _prefillTokens;
    private long _decodeTokens;
    private long _recomputedTokens;
    private bool _notifying;

    /// <summary>Makes a scheduler.</summary>
    /// <param name="allocator">The manager; the scheduler does not dispose it.</param>
    /// <param name="options">How to schedule; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">A limit is below 1.</exception>
    public ContinuousBatchScheduler(IKvAllocator allocator, SchedulerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(allocator);
        _options = options ?? new SchedulerOptions();
        _options.Validate();
        Allocator = allocator;
        _origin = _options.TimeProvider.GetTimestamp();
        _planner = new StepPlanner(allocator, _options, _running, _waiting, _plan);
    }

    /// <summary>Gets the manager of the memory.</summary>
    public IKvAllocator Allocator { get; }

    /// <summary>Gets the running requests, in the order in which they started. Valid until the next call.</summary>
    public ReadOnlySpan<ServingRequest> Running => _running.Span;

    /// <summary>Gets the number of requests that wait.</summary>
    public int WaitingCount => _waiting.Count;

    /// <summary>Gets the time since the scheduler was made.</summary>
    public TimeSpan Now => _options.TimeProvider.GetElapsedTime(_origin);

    /// <summary>Gets what has been done so far.</summary>
    public SchedulerStatistics Statistics =>
        new(_steps, _prefillTokens, _decodeTokens, _planner.HitTokens, _recomputedTokens, _planner.Preemptions, _planner.Suspensions, _planner.Resumptions);

    /// <summary>Takes a request in, which waits then for its turn.</summary>
    /// <param name="request">A request that was never submitted.</param>
    /// <param name="refusal">
    /// Why not, when the answer is false: <see cref="KvRefusal.TooLong"/> where its prompt and all its answer do not fit the memory or
    /// the allocator's limit.
    /// </param>
    /// <returns>Whether it was accepted.</returns>
    /// <exception cref="ArgumentException">The request was submitted before.</exception>
    public bool TrySubmit(ServingRequest request, out KvRefusal refusal)
    {
        ArgumentNullException.ThrowIfNull(request);
        EnsureNew(request, nameof(request));
        if (!Fits(request))
        {
            refusal = KvRefusal.TooLong;
            return false;
        }

        refusal = KvRefusal.None;
        Accept(request, Now);
        Wait(request);
        return true;
    }

    /// <summary>Ends a request before its time.</summary>
    /// <remarks>Its memory is given back at once, or with the step that is open now, whose rows stay as they are.</remarks>
    /// <param name="request">The request.</param>
    /// <returns>Whether it was waiting or running here; if not, nothing has changed.</returns>
    public bool Cancel(ServingRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Scheduler != this || request.Status is not (RequestStatus.Waiting or RequestStatus.Running))
        {
            return false;
        }

        if (request.Status == RequestStatus.Waiting)
        {
            _waiting.Remove(request);
        }
        else if (_plan.Generation != 0)
        {
            bool first = !request.IsCancelRequested;
            request.IsCancelRequested = true;
            return first;
        }
        else
        {
            _running.Remove(request);
        }

        End(request, RequestStatus.Cancelled, Now);
        _options.Listener?.OnEnded(request);
        return true;
    }

    /// <summary>Makes the next step, and gets the memory for it.</summary>
    /// <param name="step">The step, when the answer is true; to be completed or abandoned before the next is made.</param>
    /// <returns>Whether there is anything to compute now. If not, although requests wait, then others hold the memory.</returns>
    /// <exception cref="InvalidOperationException">The last step is still open, or a listener is being told of it.</exception>
    public bool TrySchedule(out ScheduledStep step)
    {
        if (_plan.Generation != 0 || _notifying)
        {
            throw new InvalidOperationException("The last step has not ended; complete or abandon it first.");
        }

        _planner.Plan(this);
        step = new ScheduledStep(_plan);
        bool any = _plan.Rows.Length > 0;
        if (!any)
        {
            _plan.Close();
        }

        Notify(_plan.Preempted, static (listener, request) => listener.OnPreempted(request));
        Notify(_plan.Started, static (listener, request) => listener.OnStarted(request));
        return any;
    }

    private static void EnsureNew(ServingRequest request, string paramName)
    {
        if (request.Scheduler is not null)
        {
            throw new ArgumentException($"The request was submitted before: it is {request.Status}.", paramName);
        }
    }

    private void End(ServingRequest request, RequestStatus status, TimeSpan now)
    {
        request.Sequence?.Dispose();
        request.Sequence = null;
        request.Status = status;
        request.EndedAt = now;
        _options.Admission.EndRequest(request);
    }

    private bool Fits(ServingRequest request) =>
        request.MostPositions <= int.MaxValue
        && Allocator.Probe(default, request.SequenceOptions, (int)request.MostPositions).Refusal != KvRefusal.TooLong;

    private void Accept(ServingRequest request, TimeSpan submittedAt)
    {
        request.Scheduler = this;
        request.Number = _submitted++;
        request.SubmittedAt = submittedAt;
    }

    private void Wait(ServingRequest request)
    {
        request.Status = RequestStatus.Waiting;
        _waiting.Enqueue(request);
        _options.Listener?.OnSubmitted(request);
    }

    private void Notify(List<ServingRequest> requests, Action<ISchedulerListener, ServingRequest> tell)
    {
        if (_options.Listener is not { } listener)
        {
            return;
        }

        _notifying = true;
        try
        {
            foreach (ServingRequest request in requests)
            {
                tell(listener, request);
            }
        }
        finally
        {
            _notifying = false;
        }
    }
}
