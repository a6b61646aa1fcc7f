using KvCache.Paged;
using KvCache.Serving.Scheduling;
using Xunit;

namespace KvCache.Serving.Tests.Scheduling;

/// <summary>A scheduler with memory of its own, and an engine that answers every row with the same token.</summary>
internal sealed class Engine : ISchedulerListener, IDisposable
{
    public const int Token = 7;

    public Engine(int blocks, int blockTokens = 4, bool prefixCaching = false, Func<SchedulerOptions, SchedulerOptions>? options = null)
        : this(DryAllocators.Paged(blocks, blockTokens, prefixCaching), options)
    {
    }

    public Engine(PagedKvAllocator allocator, Func<SchedulerOptions, SchedulerOptions>? options = null)
    {
        Allocator = allocator;
        SchedulerOptions defaults = new() { Listener = this };
        Scheduler = new ContinuousBatchScheduler(Allocator, options?.Invoke(defaults) ?? defaults);
    }

    public PagedKvAllocator Allocator { get; }

    public ContinuousBatchScheduler Scheduler { get; }

    /// <summary>Gets what the scheduler told, in order.</summary>
    public List<string> Heard { get; } = [];

    /// <summary>Gets or sets what is done when a request ends.</summary>
    public Action<ServingRequest>? Ended { get; set; }

    public static ServingRequest Request(int prompt, int maxTokens, object? tag = null, int priority = 0) =>
        new([.. Enumerable.Range(0, prompt)], maxTokens) { Tag = tag, Priority = priority };

    public ServingRequest Submit(int prompt, int maxTokens, object? tag = null, int priority = 0) => Submit(Request(prompt, maxTokens, tag, priority));

    public ServingRequest Submit(ServingRequest request)
    {
        Assert.True(Scheduler.TrySubmit(request, out KvRefusal refusal), $"The request was refused: {refusal}.");
        return request;
    }

    /// <summary>Schedules a step that must be there.</summary>
    public ScheduledStep Schedule()
    {
        Assert.True(Scheduler.TrySchedule(out ScheduledStep step));
        return step;
    }

    /// <summary>Computes a step's rows.</summary>
    public void Compute(ScheduledStep step)
    {
        using KvStep memory = Allocator.BeginStep(step.Rows);
        memory.Complete();
    }

    /// <summary>Schedules, computes and completes a step.</summary>
    /// <returns>Its rows: whose, and how many tokens.</returns>
    public string Step()
    {
        ScheduledStep step = Schedule();
        string rows = string.Join(' ', Enumerable.Range(0, step.Rows.Length).Select(row => $"{step.Requests[row].Tag}:{step.RowWork[row].Tokens}"));
        Compute(step);
        Complete(step);
        Allocator.CheckIntegrity();
        return rows;
    }

    public void Complete(ScheduledStep step) => Scheduler.Complete(step, Enumerable.Repeat(Token, step.SampledRows).ToArray());

    public void RunToEnd()
    {
        while (Scheduler.Running.Length + Scheduler.WaitingCount > 0)
        {
            Step();
        }
    }

    public void OnSubmitted(ServingRequest request) => Heard.Add($"{request.Tag} submitted");

    public void OnStarted(ServingRequest request) => Heard.Add($"{request.Tag} started");

    public void OnPreempted(ServingRequest request) => Heard.Add($"{request.Tag} preempted");

    public void OnEnded(ServingRequest request)
    {
        Heard.Add($"{request.Tag} {request.Status}");
        Ended?.Invoke(request);
    }

    /// <summary>The books must balance, and nothing be held.</summary>
    public void Dispose()
    {
        Allocator.CheckIntegrity();
        int open = Allocator.Usage.OpenSequences;
        int expected = Scheduler.Running.Length;
        Allocator.Dispose();
        Assert.Equal(expected, open);
    }
}
