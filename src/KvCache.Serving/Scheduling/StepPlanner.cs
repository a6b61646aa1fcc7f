using System.Diagnostics;

namespace KvCache.Serving.Scheduling;

/// <summary>Chooses what a step computes, and gets the memory for it.</summary>
/// <remarks>
/// Running requests come first, in the order in which they started; each that the batch policy includes asks for all its tokens that are not
/// computed, and where there is no memory for them a victim is preempted and the asking tried again. The first is always included, so that
/// there is progress. Waiting ones follow, unless somebody was preempted.
/// Memory is asked for what the step computes, not for the whole prompt. Source: the scheduler of vLLM V1; suspension and batch policies are ours.
/// </remarks>
internal sealed class StepPlanner(
    IKvAllocator allocator, SchedulerOptions options, RunningList running, WaitingQueue waiting, StepPlan plan)
{
    private int _budget;

    public long HitTokens { get; private set; }

    public long Preemptions { get; private set; }

    public long Suspensions { get; private set; }

    public long Resumptions { get; private set; }

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
            bool isShort = IsOutOfMemory(refusal);
            int victim = isShort ? options.Victims.Choose(running.Span) : next;
            Preempt(victim, maySuspend: isShort);
            next -= victim < next ? 1 : 0;
        }
    }

    private void PlanWaiting(TimeSpan now)
    {
        while (HasPlace && waiting.TryPeek(out ServingRequest request))
        {
            int hit = allocator.Probe(request.Tokens, request.SequenceOptions, reserve: 1).HitTokens;
            bool resumes = request.IsSuspended && options.Preemption.ShouldResume(allocator, request, hit);
            int there = resumes ? request.ComputedLength : hit;
            int chunk = Math.Min(request.TokenCount - there, _budget);
            AdmissionDecision decision = options.Admission.Decide(new AdmissionCandidate(request, there, chunk));
            if (decision == AdmissionDecision.Skip)
            {
                waiting.Skip();
            }
            else if (decision == AdmissionDecision.Stop || !(resumes ? TryResume(request, hit, chunk, now) : TryStart(request, hit, chunk, now)))
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

        request.Sequence?.Dispose();
        request.Sequence = sequence;
        request.HitTokens += hit;
        HitTokens += hit;
        Start(request, chunk, now);
        return true;
    }

    /// <summary>Brings a suspended request back.</summary>
    /// <returns>False where there is too little memory.</returns>
    private bool TryResume(ServingRequest request, int hit, int chunk, TimeSpan now)
    {
        KvSequence sequence = request.Sequence!;
        int target = sequence.ComputedLength + chunk;
        if (!HasRoomBesideRunning(target - hit))
        {
            return false;
        }

        if (!sequence.TryResume(target, out KvRefusal refusal))
        {
            if (IsOutOfMemory(refusal))
            {
                return false;
            }

            // What is on the host cannot be had; it is asked for again as one that has to be computed.
            sequence.Dispose();
            request.Sequence = null;
            return true;
        }

        // Within the capacity, and the last block is its own: not refused.
        bool grown = TryGrow(request, chunk, out refusal);
        Debug.Assert(grown, $"A resumed sequence did not grow within its capacity: {refusal}.");
        Resumptions++;
        Start(request, chunk, now);
        return true;
    }

    private void Start(ServingRequest request, int chunk, TimeSpan now)
    {
        waiting.Dequeue();
        request.Status = RequestStatus.Running;
        request.StartedAt ??= now;
        request.Chunk = chunk;
        _budget -= chunk;
        running.Add(request);
        plan.Started.Add(request);
    }

    /// <summary>
    /// Whether each that runs could take one block more beside so many tokens: or a resumed request would soon be the victim again, to be
    /// copied once more for nothing.
    /// </summary>
    private bool HasRoomBesideRunning(int tokens)
    {
        long blocks = ((long)tokens + allocator.BlockTokens - 1) / allocator.BlockTokens;
        return running.Count == 0 || blocks + running.Count <= allocator.Usage.AvailableBlocks;
    }

    private void Preempt(int victim, bool maySuspend)
    {
        ServingRequest request = running.TakeAt(victim);
        _budget += request.Chunk;
        request.Chunk = 0;
        request.ComputedBefore = Math.Max(request.ComputedBefore, request.ComputedLength);
        if (maySuspend && TrySuspend(request))
        {
            Suspensions++;
        }
        else
        {
            request.Sequence!.Dispose();
            request.Sequence = null;
        }

        request.Status = RequestStatus.Waiting;
        request.Preemptions++;
        Preemptions++;
        waiting.Enqueue(request);
        plan.Preempted.Add(request);
    }

    private bool TrySuspend(ServingRequest request) =>
        request.ComputedLength > 0 && options.Preemption.ShouldSuspend(allocator, request) && request.Sequence!.TrySuspend(out _);

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
