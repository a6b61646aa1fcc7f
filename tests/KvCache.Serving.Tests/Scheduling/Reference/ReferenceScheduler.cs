namespace KvCache.Serving.Tests.Scheduling.Reference;

/// <summary>The rules of vLLM V1's scheduler over lists, written down as plainly as possible.</summary>
/// <remarks>
/// Save in two points, which cannot be seen where all are equally urgent: after a request that had to be preempted for its own sake,
/// those that run behind it are looked at, not left out of the step; and what a victim was to compute in the step, others may.
/// </remarks>
internal sealed class ReferenceScheduler(Workload workload)
{
    private readonly ReferenceCache _cache = new(workload.Blocks, workload.BlockTokens, workload.Caching);
    private readonly List<ReferenceRequest> _running = [];
    private readonly List<ReferenceRequest> _waiting = [];

    /// <summary>
    /// vLLM publishes a block when the step that will fill it is scheduled, the managers here when it is completed. Nobody can tell
    /// where nobody else has the same tokens and nothing that was scheduled is preempted in the same step.
    /// </summary>
    private readonly bool _publishesWhenScheduled = workload.IsUnshared && !workload.Priorities;

    public bool IsIdle => _running.Count + _waiting.Count == 0;

    public bool TrySubmit(ReferenceRequest request)
    {
        bool fits = request.Arrival.Prompt + request.Arrival.Output - 1 <= _cache.Capacity;
        if (fits)
        {
            Wait(request);
        }

        return fits;
    }

    public void Cancel(ReferenceRequest request, bool stepIsOpen)
    {
        if (_waiting.Remove(request))
        {
            return;
        }

        request.IsCancelled = _running.Contains(request);
        if (!stepIsOpen && _running.Remove(request))
        {
            _cache.Release(request);
        }
    }

    public ReferenceStep Schedule()
    {
        int budget = workload.StepTokens;
        List<int> preempted = [];
        int next = 0;
        while (next < _running.Count && budget > 0)
        {
            ReferenceRequest request = _running[next];
            int wanted = Math.Min(request.Tokens.Count - request.Computed, budget);
            bool self = false;
            while (!self && !_cache.TryAllocate(request, [], request.Computed + wanted))
            {
                int lowest = _running.Max(static other => other.Priority);
                ReferenceRequest victim = _running.Last(other => other.Priority == lowest);
                next -= _running.IndexOf(victim) < next ? 1 : 0;
                _running.Remove(victim);
                budget += victim.Scheduled;
                _cache.Release(victim);
                (victim.Scheduled, victim.Computed) = (0, 0);
                preempted.Add(victim.Id);
                Wait(victim);
                self = victim == request;
                wanted = Math.Min(request.Tokens.Count - request.Computed, budget);
            }

            if (!self)
            {
                Take(request, wanted);
                budget -= wanted;
                next++;
            }
        }

        while (preempted.Count == 0 && _waiting.Count > 0 && budget > 0 && _running.Count < workload.Sequences)
        {
            ReferenceRequest request = _waiting[0];
            List<int> found = _cache.Find(request.Tokens);
            int hit = found.Count * workload.BlockTokens;
            int wanted = Math.Min(request.Tokens.Count - hit, budget);
            if (!_cache.TryAllocate(request, found, hit + wanted))
            {
                break;
            }

            _waiting.RemoveAt(0);
            _running.Add(request);
            request.Computed = hit;
            Take(request, wanted);
            budget -= wanted;
        }

        return new ReferenceStep(
            [.. _running.Where(static request => request.Scheduled > 0).Select(static request => (request.Id, request.Scheduled, request.Computed))],
            preempted,
            _running.Count,
            _waiting.Count,
            _cache.Free);
    }

    public void Complete()
    {
        ReferenceRequest[] scheduled = [.. _running.Where(static request => request.Scheduled > 0)];
        foreach (ReferenceRequest request in scheduled)
        {
            request.Computed += request.Scheduled;
            request.Scheduled = 0;
            _cache.Publish(request, request.Computed);
        }

        foreach (ReferenceRequest request in scheduled.Where(static request => request.Computed == request.Tokens.Count))
        {
            request.Tokens.Add(request.Arrival.TokenAt(request.Tokens.Count));
            if (request.IsFinished)
            {
                _cache.Release(request);
            }
        }

        foreach (ReferenceRequest request in _running.Where(static request => request.IsCancelled && !request.IsFinished))
        {
            _cache.Release(request);
        }

        _running.RemoveAll(static request => request.IsFinished || request.IsCancelled);
    }

    private void Take(ReferenceRequest request, int wanted)
    {
        request.Scheduled = wanted;
        if (_publishesWhenScheduled)
        {
            _cache.Publish(request, request.Computed + wanted);
        }
    }

    /// <summary>Behind the more urgent ones, and among equals in the order of arrival.</summary>
    private void Wait(ReferenceRequest request)
    {
        int index = _waiting.FindIndex(other => (other.Priority, other.Id).CompareTo((request.Priority, request.Id)) > 0);
        _waiting.Insert(index < 0 ? _waiting.Count : index, request);
    }
}
