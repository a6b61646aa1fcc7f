using System.Runtime.InteropServices;
using KvCache.Serving.CostModels;
using KvCache.Serving.Scheduling;
using KvCache.Serving.Simulation.Devices;

namespace KvCache.Serving.Simulation;

/// <summary>One run of a simulator: its clock, its scheduler and what was noted down so far.</summary>
internal sealed class SimulationRun : ISchedulerListener
{
    private readonly VirtualClock _clock = new();
    private readonly IKvAllocator _allocator;
    private readonly ICostModel _costs;
    private readonly Arrivals _arrivals;
    private readonly ContinuousBatchScheduler _scheduler;
    private readonly SimulatedDevice? _device;
    private readonly List<StepRecord> _steps = [];
    private readonly List<RequestRecord> _requests = [];
    private readonly List<int> _tokens = [];

    public SimulationRun(IKvAllocator allocator, ICostModel costs, SimulationOptions options, Arrivals arrivals)
    {
        _allocator = allocator;
        _costs = costs;
        _arrivals = arrivals;
        _device = options.Device;
        _scheduler = new ContinuousBatchScheduler(allocator, new SchedulerOptions
        {
            MaxStepTokens = options.MaxStepTokens,
            MaxSequences = options.MaxSequences,
            Admission = options.Admission(),
            Batch = options.Batch(),
            Victims = options.Victims(),
            Listener = this,
            TimeProvider = _clock,
        });
    }

    public SimulationResult Run()
    {
        while (true)
        {
            if (_scheduler.TrySchedule(out ScheduledStep step))
            {
                Compute(step);
            }
            else if (_arrivals.Next is { } next)
            {
                PassTo(next.Arrival);
            }
            else if (_scheduler.WaitingCount == 0)
            {
                return new SimulationResult(_steps, _requests, _allocator.Usage.TotalBlocks);
            }
            else
            {
                throw new InvalidOperationException(
                    $"{_scheduler.WaitingCount} requests wait and are not admitted, though nothing runs and nobody is to come.");
            }
        }
    }

    void ISchedulerListener.OnEnded(ServingRequest request)
    {
        Conversation conversation = (Conversation)request.Tag!;
        _requests[conversation.Index] = new RequestRecord(
            conversation.Request.Arrival,
            request.PromptLength,
            request.OutputLength,
            KvRefusal.None,
            request.StartedAt!.Value,
            request.FirstTokenAt!.Value,
            request.EndedAt!.Value,
            request.Preemptions,
            request.HitTokens,
            request.RecomputedTokens);
    }

    private void Compute(ScheduledStep step)
    {
        StepWork work = step.Work;
        StepCost cost = _costs.Estimate(work);
        TimeSpan start = _clock.Now;
        int available = _allocator.Usage.AvailableBlocks;
        _device?.BeginStep(start + LayeredStep.Before(cost));
        using (KvStep memory = _allocator.BeginStep(step.Rows))
        {
            TimeSpan end = _device is null
                ? start + cost.Total
                : LayeredStep.Compute(_device, memory, cost, _allocator.Geometry.LayerCount);
            _steps.Add(new StepRecord(
                start,
                end,
                work.Tokens,
                work.PrefillTokens,
                work.DecodeRows,
                step.Preempted,
                _scheduler.Running.Length,
                _scheduler.WaitingCount,
                available));
            PassTo(end);
            memory.Complete();
        }

        _scheduler.Complete(step, Answer(step));
    }

    /// <summary>Lets the time pass, and requests arrive in it.</summary>
    private void PassTo(TimeSpan time)
    {
        while (_arrivals.Next is { } next && next.Arrival <= time)
        {
            _clock.AdvanceTo(next.Arrival);
            ServingRequest request = _arrivals.Take();
            _ = _scheduler.TrySubmit(request, out KvRefusal refusal);
            _requests.Add(new RequestRecord(
                next.Arrival, next.PromptTokens, next.OutputTokens, refusal, default, default, default, 0, 0, 0));
        }

        _clock.AdvanceTo(time);
    }

    private ReadOnlySpan<int> Answer(ScheduledStep step)
    {
        CollectionsMarshal.SetCount(_tokens, step.SampledRows);
        Span<int> tokens = CollectionsMarshal.AsSpan(_tokens);
        int sampled = 0;
        for (int row = 0; row < step.Rows.Length; row++)
        {
            if (step.RowWork[row].Samples)
            {
                ServingRequest request = step.Requests[row];
                ((Conversation)request.Tag!).Read(request.TokenCount, tokens.Slice(sampled++, 1));
            }
        }

        return tokens;
    }
}
