namespace KvCache.Serving.Scheduling;

/// <summary>Chooses what a step computes, and gets the memory for it.</summary>
/// <remarks>
/// Running requests come first, in the order in which they started; each that the batch policy includes asks for all its tokens that are not
/// computed, and where there is no memory for them a victim is preempted and the asking tried again. The first is always included, so that
/// there is progress. Waiting ones follow, unless somebody was
/// preempted. Memory is asked for what the step computes, not for the whole prompt. Source: the scheduler of vLLM V1.
/// </remarks>
internal sealed class StepPlanner(
    IKvAllocator allocator, SchedulerOptions options, RunningList running, WaitingQueue waiting, StepPlan plan)
{
    private int _budget;

    public long HitTokens { get; private set; }

    public long Preemptions { get; private set; }

    public void Plan(ContinuousBatchScheduler scheduler)
    {
        plan.Clear();
        _budget = options.MaxStepTokens;
        if (running.Count > 0)
        {
            options.Batch.BeginStep(scheduler);
        }

        PlanRunning();
        if (plan.Preempted.Count == 0 && waiting.Count > 0 && HasPlace)
        {
            options.Admission.BeginStep(scheduler);
            PlanWaiting(scheduler.Now);
            waiting.Restore();
        }

        plan.Open(running.Span);
    }

    private bool HasPlace => _budget > 0 && running.Count < options.MaxSequences;

    private void PlanRunning()
    {
        int next = 0;
        while (next < running.Count && _budget > 0)
        {
            ServingRequest request = running[next];
            if (next > 0 && !options.Batch.Includes(request))
            {
                next++;
                continue;
            }

            int chunk = Math.Min(request.UncomputedLength, _budget);
            if (TryGrow(request, chunk, out KvRefusal refusal))
            {
                request.Chunk = chunk;
                _budget -= chunk;
                next++;
                continue;
            }

            // A copy that failed, or has lost what was computed, is no lack of memory: its own tokens are computed anew.
            int victim = IsOutOfMemory(refusal) ? options.Victims.Choose(running.Span) : next;
            Preempt(victim);
            next -= victim < next ? 1 : 0;
        }
    }

    private void PlanWaiting(TimeSpan now)
    {
        while (HasPlace && waiting.TryPeek(out ServingRequest request))
        {
            int hit = allocator.Probe(request.Tokens, request.SequenceOptions, reserve: 1).HitTokens;
            int chunk = Math.Min(request.TokenCount - hit, _budget);
            AdmissionDecision decision = options.Admission.Decide(new AdmissionCandidate(request, hit, chunk));
            if (decision == AdmissionDecision.Skip)
            {
                waiting.Skip();
            }
            else if (decision == AdmissionDecision.Stop || !TryStart(request, hit, chunk, now))
            {
                return;
            }
        }
    }

    private bool TryStart(ServingRequest request, int hit, int chunk, TimeSpan now)
    {
        if (!allocator.TryOpen(request.Tokens, request.SequenceOptions, hit + chunk, out KvSequence? sequence, out _))
        {
            return false;
        }

        waiting.Dequeue();
        request.Sequence = sequence;
        request.Status = RequestStatus.Running;
        request.StartedAt ??= now;
        request.HitTokens += hit;
        request.Chunk = chunk;
        HitTokens += hit;
        _budget -= chunk;
        running.Add(request);
        plan.Started.Add(request);
        return true;
    }

    private void Preempt(int victim)
    {
        ServingRequest request = running.TakeAt(victim);
        _budget += request.Chunk;
        request.Chunk = 0;
        request.ComputedBefore = Math.Max(request.ComputedBefore, request.ComputedLength);
        request.Sequence!.Dispose();
        request.Sequence = null;
        request.Status = RequestStatus.Waiting;
        request.Preemptions++;
        Preemptions++;
        waiting.Enqueue(request);
        plan.Preempted.Add(request);
    }

    /// <summary>Gets memory for the next tokens of a request, beyond those that a step not completed left it.</summary>
    private static bool TryGrow(ServingRequest request, int chunk, out KvRefusal refusal)
    {
        KvSequence sequence = request.Sequence!;
        int missing = sequence.ComputedLength + chunk - sequence.Length;
        refusal = sequence.IsLost ? KvRefusal.TransferFailed : KvRefusal.None;
        return (missing <= 0 && !sequence.IsLost) || sequence.TryAppend(request.Tokens.Slice(sequence.Length, missing), out refusal);
    }

    private static bool IsOutOfMemory(KvRefusal refusal) => refusal is KvRefusal.OutOfDeviceMemory or KvRefusal.OutOfHostMemory;
}
