using KvCache.Serving.CostModels;

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
public sealed class ContinuousBatchScheduler
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
        new(_steps, _prefillTokens, _decodeTokens, _planner.HitTokens, _recomputedTokens, _planner.Preemptions);

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

        NotifyPlanned();
        return any;
    }

    /// <summary>Adds another answer to a prompt that was just computed: it shares the memory of what is computed already.</summary>
    /// <remarks>
    /// Called between the allocator's <see cref="KvStep.Complete()"/> and <see cref="Complete"/>. Where there is no memory or place for
    /// one more to run, it waits like any other request.
    /// </remarks>
    /// <param name="step">The open step.</param>
    /// <param name="row">A row of it that yields a token.</param>
    /// <param name="sibling">A request that was never submitted, with the tokens of the row's request as its prompt.</param>
    /// <param name="token">The first token of the sibling's answer.</param>
    /// <returns>Whether memory is shared.</returns>
    /// <exception cref="ArgumentException">
    /// The row yields no token, or the sibling was submitted before, has another prompt or does not fit the memory.
    /// </exception>
    /// <exception cref="InvalidOperationException">The step has ended, or the allocator's step was not completed.</exception>
    public bool Fork(ScheduledStep step, int row, ServingRequest sibling, int token)
    {
        ArgumentNullException.ThrowIfNull(sibling);
        EnsureOpen(step);
        EnsureNew(sibling, nameof(sibling));
        ServingRequest request = step.Requests[row];
        if (!step.RowWork[row].Samples || !sibling.Tokens.SequenceEqual(request.Tokens) || !Fits(sibling))
        {
            throw new ArgumentException(
                $"Row {row} of {request.TokenCount} tokens cannot be continued by the sibling's {sibling.TokenCount} and {sibling.MaxTokens} more; " +
                "expected a row that yields a token, a sibling with the same tokens, and memory for its answer.",
                nameof(sibling));
        }

        EnsureComputed(step.Rows[row], step.RowWork[row], row);
        TimeSpan now = Now;
        Accept(sibling, request.SubmittedAt);
        sibling.StartedAt = request.StartedAt;
        if (Take(sibling, token, now))
        {
            End(sibling, RequestStatus.Finished, now);
            _plan.Ended.Add(sibling);
            return false;
        }

        if (_running.Count < _options.MaxSequences
            && request.Sequence!.TryFork(request.ComputedLength, out KvSequence? sequence, out _))
        {
            sibling.Sequence = sequence;
            sibling.Status = RequestStatus.Running;
            _running.Add(sibling);
            return true;
        }

        Wait(sibling);
        return false;
    }

    /// <summary>Ends a step: every row that yields a token gets it, and requests that have all theirs give their memory back.</summary>
    /// <remarks>The allocator's step must have been completed before.</remarks>
    /// <param name="step">The open step.</param>
    /// <param name="tokens">The chosen tokens, one for each row that yields one, in the order of the rows.</param>
    /// <exception cref="ArgumentException">There are more or fewer tokens than rows that yield one.</exception>
    /// <exception cref="InvalidOperationException">The step has ended, or the allocator's step was not completed.</exception>
    public void Complete(ScheduledStep step, ReadOnlySpan<int> tokens)
    {
        EnsureOpen(step);
        if (tokens.Length != _plan.SampledRows)
        {
            throw new ArgumentException($"{tokens.Length} tokens were given; expected {_plan.SampledRows}.", nameof(tokens));
        }

        ReadOnlySpan<KvRow> rows = _plan.Rows;
        ReadOnlySpan<RowWork> work = _plan.Work;
        for (int row = 0; row < rows.Length; row++)
        {
            EnsureComputed(rows[row], work[row], row);
        }

        TimeSpan now = Now;
        int sampled = 0;
        for (int row = 0; row < rows.Length; row++)
        {
            ServingRequest request = _plan.Requests[row];
            CountRecomputed(request, work[row]);
            if (work[row].Samples && Take(request, tokens[sampled++], now))
            {
                End(request, RequestStatus.Finished, now);
                _plan.Ended.Add(request);
            }
        }

        _steps++;
        _decodeTokens += _plan.DecodeRows;
        _prefillTokens += _plan.TokenCount - _plan.DecodeRows;
        Close(now);
    }

    /// <summary>Ends a step that was not computed. Its requests go on as if it had not been made, with the memory that they got.</summary>
    /// <param name="step">The open step; of the allocator's, nothing may have been completed.</param>
    /// <exception cref="InvalidOperationException">The step has ended.</exception>
    public void Abandon(ScheduledStep step)
    {
        EnsureOpen(step);
        Close(Now);
    }

    private static void EnsureNew(ServingRequest request, string paramName)
    {
        if (request.Scheduler is not null)
        {
            throw new ArgumentException($"The request was submitted before: it is {request.Status}.", paramName);
        }
    }

    private static void EnsureComputed(KvRow row, RowWork work, int index)
    {
        if (row.Sequence.ComputedLength != work.Context + work.Tokens)
        {
            throw new InvalidOperationException(
                $"Row {index} has {row.Sequence.ComputedLength} tokens computed; expected {work.Context + work.Tokens}. " +
                "Complete the allocator's step first.");
        }
    }

    private static bool Take(ServingRequest request, int token, TimeSpan now)
    {
        int before = request.TokenCount;
        bool ended = request.Append(token);
        if (request.FirstTokenAt is null && request.TokenCount > before)
        {
            request.FirstTokenAt = now;
        }

        return ended;
    }

    private static void End(ServingRequest request, RequestStatus status, TimeSpan now)
    {
        request.Sequence?.Dispose();
        request.Sequence = null;
        request.Status = status;
        request.EndedAt = now;
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

    private void CountRecomputed(ServingRequest request, RowWork work)
    {
        int again = Math.Min(request.ComputedBefore, work.Context + work.Tokens) - work.Context;
        if (again > 0)
        {
            request.RecomputedTokens += again;
            _recomputedTokens += again;
        }
    }

    private void EnsureOpen(ScheduledStep step)
    {
        if (!step.IsOpen || !step.IsOf(_plan))
        {
            throw new InvalidOperationException("The step is not the open one of this scheduler.");
        }
    }

    private void Close(TimeSpan now)
    {
        foreach (ServingRequest request in _running.Span)
        {
            if (request.IsCancelRequested && request.Status == RequestStatus.Running)
            {
                End(request, RequestStatus.Cancelled, now);
                _plan.Ended.Add(request);
            }
        }

        if (_plan.Ended.Count > 0)
        {
            _running.RemoveEnded();
        }

        _plan.Close();
        NotifyEnded();
    }

    private void NotifyPlanned()
    {
        if (_options.Listener is not { } listener)
        {
            return;
        }

        foreach (ServingRequest request in _plan.Preempted)
        {
            listener.OnPreempted(request);
        }

        foreach (ServingRequest request in _plan.Started)
        {
            listener.OnStarted(request);
        }
    }

    private void NotifyEnded()
    {
        if (_options.Listener is not { } listener)
        {
            return;
        }

        _notifying = true;
        try
        {
            foreach (ServingRequest request in _plan.Ended)
            {
                listener.OnEnded(request);
            }
        }
        finally
        {
            _notifying = false;
        }
    }
}
