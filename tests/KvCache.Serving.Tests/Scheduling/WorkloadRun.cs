using KvCache.Paged;
using KvCache.Serving.CostModels;
using KvCache.Serving.Scheduling;
using KvCache.Serving.Tests.Scheduling.Reference;
using Xunit;

namespace KvCache.Serving.Tests.Scheduling;

/// <summary>Serves a workload by the scheduler and by the reference, step by step, and checks what must hold of any schedule.</summary>
internal sealed class WorkloadRun : ISchedulerListener, IDisposable
{
    private const int MostSteps = 100_000;
    private readonly Workload _workload;
    private readonly PagedKvAllocator _allocator;
    private readonly ContinuousBatchScheduler _scheduler;
    private readonly ReferenceScheduler _reference;
    private readonly List<(ServingRequest Request, ReferenceRequest Reference, int ArrivedAt, bool Accepted)> _requests = [];
    private readonly List<int> _preempted = [];
    private readonly List<int> _firstTokens = [];
    private readonly HashSet<int> _ended = [];
    private int _arrived;
    private int _nextArrival;

    public WorkloadRun(Workload workload)
    {
        _workload = workload;
        _allocator = DryAllocators.Paged(workload.Blocks, workload.BlockTokens, workload.Caching, deduplicate: false);
        _reference = new ReferenceScheduler(workload);
        _scheduler = new ContinuousBatchScheduler(_allocator, new SchedulerOptions
        {
            MaxStepTokens = workload.StepTokens,
            MaxSequences = workload.Sequences,
            Listener = this,
        });
        _nextArrival = workload.Arrivals.Count > 0 ? workload.Arrivals[0].Delay : 0;
    }

    public int Preemptions => _requests.Sum(static pair => pair.Request.Preemptions);

    public long HitTokens => _requests.Sum(static pair => pair.Request.HitTokens);

    public void Run()
    {
        for (int time = 0; _arrived < _workload.Arrivals.Count || !_reference.IsIdle; time++)
        {
            Assert.True(time < MostSteps, "The workload does not come to its end.");
            Arrive(time);
            Cancel(time, within: false);
            Step(time);
            _allocator.CheckIntegrity();
        }

        AssertAllEnded();
    }

    public void OnPreempted(ServingRequest request) => _preempted.Add(Id(request));

    public void OnEnded(ServingRequest request) => Assert.True(_ended.Add(Id(request)), $"Request {Id(request)} ended twice.");

    public void Dispose() => _allocator.Dispose();

    private static int Id(ServingRequest request) => (int)request.Tag!;

    private void Arrive(int time)
    {
        while (_arrived < _workload.Arrivals.Count && _nextArrival <= time)
        {
            Arrival arrival = _workload.Arrivals[_arrived];
            ReferenceRequest reference = new(_arrived, arrival, _workload.PriorityOf(arrival));
            ServingRequest request = new([.. reference.Tokens], arrival.Output) { Priority = reference.Priority, Tag = _arrived };
            bool accepted = _scheduler.TrySubmit(request, out KvRefusal refusal);
            Assert.Equal(_reference.TrySubmit(reference), accepted);
            Assert.Equal(accepted ? KvRefusal.None : KvRefusal.TooLong, refusal);
            _requests.Add((request, reference, time, accepted));
            _arrived++;
            _nextArrival = time + (_arrived < _workload.Arrivals.Count ? _workload.Arrivals[_arrived].Delay : 0);
        }
    }

    private void Cancel(int time, bool within)
    {
        foreach ((ServingRequest request, ReferenceRequest reference, int arrivedAt, _) in _requests)
        {
            Arrival arrival = reference.Arrival;
            if (arrival.CancelAfter >= 0 && arrivedAt + arrival.CancelAfter == time && arrival.CancelWithin == within)
            {
                bool alive = request.Status is RequestStatus.Waiting or RequestStatus.Running;
                Assert.Equal(alive, _scheduler.Cancel(request));
                Assert.False(_scheduler.Cancel(request));
                _reference.Cancel(reference, stepIsOpen: within);
            }
        }
    }

    private void Step(int time)
    {
        _preempted.Clear();
        ReferenceStep expected = _reference.Schedule();
        bool any = _scheduler.TrySchedule(out ScheduledStep step);
        List<(int, int, int)> rows = [];
        for (int row = 0; any && row < step.Rows.Length; row++)
        {
            RowWork work = step.RowWork[row];
            rows.Add((Id(step.Requests[row]), work.Tokens, work.Context));
        }

        ReferenceStep actual = new(
            rows, [.. _preempted], _scheduler.Running.Length, _scheduler.WaitingCount, _allocator.Usage.AvailableBlocks);
        Assert.True(expected.ToString() == actual.ToString(), $"Step {time}:\nexpected {expected}\nactual   {actual}");
        if (!any)
        {
            return;
        }

        AssertWithinLimits(step);
        using (KvStep memory = _allocator.BeginStep(step.Rows))
        {
            Cancel(time, within: true);
            memory.Complete();
        }

        _scheduler.Complete(step, Answer(step));
        _reference.Complete();
    }

    private int[] Answer(ScheduledStep step)
    {
        List<int> tokens = [];
        for (int row = 0; row < step.Rows.Length; row++)
        {
            ServingRequest request = step.Requests[row];
            if (step.RowWork[row].Samples)
            {
                tokens.Add(_requests[Id(request)].Reference.Arrival.TokenAt(request.TokenCount));
                if (request.OutputLength == 0)
                {
                    _firstTokens.Add(Id(request));
                }
            }
        }

        return [.. tokens];
    }

    private void AssertWithinLimits(ScheduledStep step)
    {
        Assert.InRange(step.TokenCount, 1, _workload.StepTokens);
        Assert.InRange(_scheduler.Running.Length, 1, _workload.Sequences);
        Assert.Equal(step.TokenCount, step.Work.Tokens);
        for (int row = 0; row < step.Rows.Length; row++)
        {
            RowWork work = step.RowWork[row];
            ServingRequest request = step.Requests[row];
            Assert.Equal(request.Tokens.Slice(work.Context, work.Tokens), step.Tokens(row));
            Assert.Equal(work.Samples, work.Context + work.Tokens == request.TokenCount);
            Assert.Equal(work.IsDecode, work.Samples && work.Tokens == 1 && request.OutputLength > 0);
        }
    }

    /// <summary>Nobody is lost or counted twice, every answer has its tokens, and all memory is back.</summary>
    private void AssertAllEnded()
    {
        foreach ((ServingRequest request, ReferenceRequest reference, _, bool accepted) in _requests)
        {
            Arrival arrival = reference.Arrival;
            Assert.Equal(accepted, _ended.Contains(reference.Id));
            if (request.Status == RequestStatus.Finished)
            {
                int length = arrival.Prompt + arrival.Output;
                Assert.Equal([.. Enumerable.Range(0, length).Select(arrival.TokenAt)], request.Tokens.ToArray());
            }
            else
            {
                Assert.Equal((accepted ? RequestStatus.Cancelled : RequestStatus.New, true), (request.Status, !accepted || arrival.CancelAfter >= 0));
            }

            Assert.Null(request.Sequence);
        }

        AssertFirstComeFirstServed();
        Assert.Equal((0, 0), (_allocator.Usage.OpenSequences, _allocator.Usage.OwnedBlocks));
        SchedulerStatistics statistics = _scheduler.Statistics;
        Assert.Equal(HitTokens, statistics.HitTokens);
        Assert.Equal(Preemptions, statistics.Preemptions);
        Assert.Equal(_requests.Sum(static pair => pair.Request.RecomputedTokens), statistics.RecomputedTokens);
        if (!_requests.Any(static pair => pair.Request.Status == RequestStatus.Cancelled))
        {
            // Every position but each answer's last is computed once, or found, or computed again.
            long positions = _requests.Where(static pair => pair.Accepted).Sum(static pair => pair.Request.TokenCount - 1L);
            long again = _workload.Caching ? 0 : statistics.RecomputedTokens;
            long computed = statistics.PrefillTokens + statistics.DecodeTokens;
            Assert.True(_workload.Caching ? computed + HitTokens >= positions : computed == positions + again);
        }
    }

    /// <summary>Of equally long prompts that are equally urgent, the first to come gets its first token first.</summary>
    private void AssertFirstComeFirstServed()
    {
        foreach (IGrouping<(int, int), int> alike in _firstTokens.GroupBy(id => (_requests[id].Reference.Arrival.Prompt, _requests[id].Reference.Priority)))
        {
            Assert.Equal(alike.Order(), alike);
        }
    }
}
