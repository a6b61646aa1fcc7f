using KvCache.Serving.Scheduling;
using Xunit;

namespace KvCache.Serving.Tests.Scheduling;

/// <summary>What becomes of requests: refusal, ends, cancellation, priorities, samples.</summary>
public sealed class SchedulerRequestTests
{
    [Theory]
    [InlineData(1, 40, true)]
    [InlineData(1, 41, false)]
    [InlineData(40, 1, true)]
    [InlineData(41, 1, false)]
    [InlineData(1, int.MaxValue, false)]
    [InlineData(2, int.MaxValue, false)]
    public void What_could_not_end_with_all_the_memory_to_itself_is_refused(int prompt, int maxTokens, bool fits)
    {
        using Engine engine = new(blocks: 10);
        ServingRequest request = Engine.Request(prompt, maxTokens);
        Assert.Equal(fits, engine.Scheduler.TrySubmit(request, out KvRefusal refusal));
        Assert.Equal(
            fits ? (KvRefusal.None, RequestStatus.Waiting, 1) : (KvRefusal.TooLong, RequestStatus.New, 0),
            (refusal, request.Status, engine.Scheduler.WaitingCount));
        engine.RunToEnd();
        Assert.Equal(fits ? maxTokens : 0, request.OutputLength);
    }

    [Fact]
    public void A_request_is_submitted_once()
    {
        using Engine engine = new(blocks: 10);
        ServingRequest request = engine.Submit(prompt: 3, maxTokens: 2);
        ArgumentException exception = Assert.Throws<ArgumentException>("request", () => engine.Scheduler.TrySubmit(request, out _));
        Assert.StartsWith("The request was submitted before: it is Waiting.", exception.Message, StringComparison.Ordinal);
        engine.RunToEnd();
        Assert.Throws<ArgumentException>("request", () => engine.Scheduler.TrySubmit(request, out _));
    }

    [Fact]
    public void Bad_requests_and_limits_are_refused_by_name()
    {
        Assert.Throws<ArgumentException>("prompt", () => new ServingRequest([], 1));
        Assert.Throws<ArgumentOutOfRangeException>("maxTokens", () => new ServingRequest([1], 0));
        using Engine engine = new(blocks: 10);
        Assert.Throws<ArgumentOutOfRangeException>(
            "MaxStepTokens", () => new ContinuousBatchScheduler(engine.Allocator, new SchedulerOptions { MaxStepTokens = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(
            "MaxSequences", () => new ContinuousBatchScheduler(engine.Allocator, new SchedulerOptions { MaxSequences = -1 }));
        Assert.Throws<ArgumentNullException>("allocator", () => new ContinuousBatchScheduler(null!));
        Assert.Throws<ArgumentNullException>("request", () => engine.Scheduler.TrySubmit(null!, out _));
    }

    [Fact]
    public void A_stop_token_ends_an_answer_and_is_no_part_of_it()
    {
        using Engine engine = new(blocks: 10);
        ServingRequest request = engine.Submit(new ServingRequest([1, 2], 9) { StopTokens = new HashSet<int> { 5 } });
        foreach (int token in new[] { 3, 4, 5 })
        {
            ScheduledStep step = engine.Schedule();
            engine.Compute(step);
            engine.Scheduler.Complete(step, [token]);
        }

        Assert.Equal([1, 2, 3, 4], request.Tokens.ToArray());
        Assert.Equal(RequestStatus.Finished, request.Status);
    }

    [Fact]
    public void An_answer_may_be_longer_than_its_first_place()
    {
        using Engine engine = new(blocks: 2000, blockTokens: 4);
        ServingRequest request = engine.Submit(prompt: 3, maxTokens: 5000);
        engine.RunToEnd();
        Assert.Equal([0, 1, 2, .. Enumerable.Repeat(Engine.Token, 5000)], request.Tokens.ToArray());
    }

    [Fact]
    public void A_waiting_request_is_cancelled_at_once()
    {
        using Engine engine = new(blocks: 10, options: static options => options with { MaxSequences = 1 });
        engine.Submit(prompt: 3, maxTokens: 2, tag: "a");
        ServingRequest waiting = engine.Submit(prompt: 3, maxTokens: 2, tag: "b");
        engine.Submit(prompt: 3, maxTokens: 2, tag: "c");
        engine.Step();
        Assert.True(engine.Scheduler.Cancel(waiting));
        Assert.False(engine.Scheduler.Cancel(waiting));
        Assert.Equal((RequestStatus.Cancelled, 1), (waiting.Status, engine.Scheduler.WaitingCount));
        Assert.Equal(["a:1", "c:3", "c:1"], Enumerable.Range(0, 3).Select(_ => engine.Step()));
    }

    [Fact]
    public void A_running_request_gives_its_memory_back_at_once_between_steps_and_with_the_step_within_one()
    {
        using Engine engine = new(blocks: 10);
        ServingRequest a = engine.Submit(prompt: 3, maxTokens: 9, tag: "a");
        ServingRequest b = engine.Submit(prompt: 3, maxTokens: 9, tag: "b");
        engine.Submit(prompt: 3, maxTokens: 3, tag: "c");
        engine.Step();
        Assert.True(engine.Scheduler.Cancel(a));
        Assert.Equal((RequestStatus.Cancelled, 2), (a.Status, engine.Allocator.Usage.OwnedBlocks));
        ScheduledStep step = engine.Schedule();
        Assert.True(engine.Scheduler.Cancel(b));
        Assert.False(engine.Scheduler.Cancel(b));
        Assert.Equal(RequestStatus.Running, b.Status);
        engine.Compute(step);
        engine.Complete(step);
        Assert.Equal((RequestStatus.Cancelled, null), (b.Status, b.Sequence));
        Assert.Equal(["c:1"], [engine.Step()]);
        Assert.Equal(["a Cancelled", "b Cancelled", "c Finished"], engine.Heard[^3..]);
    }

    [Fact]
    public void Whoever_finishes_in_the_step_in_which_it_is_cancelled_has_finished()
    {
        using Engine engine = new(blocks: 10);
        ServingRequest request = engine.Submit(prompt: 3, maxTokens: 1, tag: "a");
        ScheduledStep step = engine.Schedule();
        engine.Scheduler.Cancel(request);
        engine.Compute(step);
        engine.Complete(step);
        Assert.Equal(RequestStatus.Finished, request.Status);
        Assert.Equal(["a submitted", "a started", "a Finished"], engine.Heard);
    }

    [Fact]
    public void A_request_can_be_cancelled_in_a_step_that_is_abandoned()
    {
        using Engine engine = new(blocks: 10);
        ServingRequest request = engine.Submit(prompt: 3, maxTokens: 2, tag: "a");
        ScheduledStep step = engine.Schedule();
        engine.Scheduler.Cancel(request);
        engine.Scheduler.Abandon(step);
        Assert.Equal((RequestStatus.Cancelled, 0), (request.Status, engine.Allocator.Usage.OwnedBlocks));
        Assert.False(engine.Scheduler.TrySchedule(out _));
    }

    [Fact]
    public void Only_its_own_requests_can_be_cancelled()
    {
        using Engine engine = new(blocks: 10);
        using Engine other = new(blocks: 10);
        ServingRequest request = engine.Submit(prompt: 3, maxTokens: 2);
        Assert.False(other.Scheduler.Cancel(request));
        Assert.False(engine.Scheduler.Cancel(Engine.Request(1, 1)));
        engine.RunToEnd();
        Assert.False(engine.Scheduler.Cancel(request));
    }

    [Fact]
    public void The_next_turn_of_a_conversation_may_be_submitted_when_one_ends()
    {
        using Engine engine = new(blocks: 20, prefixCaching: true);
        ServingRequest? next = null;
        engine.Ended = request => next ??= engine.Submit(new ServingRequest([.. request.Tokens, 1, 2], 3));
        engine.Submit(prompt: 9, maxTokens: 4);
        engine.RunToEnd();
        Assert.Equal((RequestStatus.Finished, 12L), (next!.Status, next.HitTokens));
    }

    [Fact]
    public void The_more_urgent_start_first_and_are_preempted_last()
    {
        using Engine engine = new(blocks: 6, options: static options => options with { MaxSequences = 2 });
        engine.Submit(prompt: 7, maxTokens: 10, tag: "late", priority: 1);
        engine.Step();
        engine.Submit(prompt: 7, maxTokens: 10, tag: "normal");
        engine.Submit(prompt: 7, maxTokens: 10, tag: "urgent", priority: -1);
        engine.RunToEnd();
        Assert.Equal(
            [
                "late submitted", "late started", "normal submitted", "urgent submitted", "urgent started", "late preempted",
                "normal started", "normal preempted", "urgent Finished", "normal started", "normal Finished", "late started", "late Finished",
            ],
            engine.Heard);
    }

    [Fact]
    public void Samples_share_what_is_computed_of_their_prompt()
    {
        using Engine engine = new(blocks: 10);
        ServingRequest first = engine.Submit(prompt: 6, maxTokens: 3, tag: "first");
        ScheduledStep step = engine.Schedule();
        ServingRequest second = Engine.Request(prompt: 6, maxTokens: 3, tag: "second");
        Assert.Throws<InvalidOperationException>(() => engine.Scheduler.Fork(step, 0, second, token: 8));
        engine.Compute(step);
        Assert.True(engine.Scheduler.Fork(step, 0, second, token: 8));
        Assert.Equal(2, engine.Allocator.Usage.OwnedBlocks);
        ServingRequest single = Engine.Request(prompt: 6, maxTokens: 1, tag: "single");
        Assert.False(engine.Scheduler.Fork(step, 0, single, token: 9));
        Assert.Equal(RequestStatus.Finished, single.Status);
        ServingRequest other = Engine.Request(prompt: 5, maxTokens: 3);
        Assert.Throws<ArgumentException>("sibling", () => engine.Scheduler.Fork(step, 0, other, token: 9));
        engine.Complete(step);
        Assert.Equal(["first:1 second:1", "first:1 second:1"], [engine.Step(), engine.Step()]);
        Assert.Equal([0, 1, 2, 3, 4, 5, 8, Engine.Token, Engine.Token], second.Tokens.ToArray());
        Assert.Equal(6, engine.Scheduler.Statistics.PrefillTokens);
        Assert.Equal((first.StartedAt, 3), (second.StartedAt, single.Tokens.Length - 4));
    }

    [Fact]
    public void A_sample_that_finds_no_place_waits()
    {
        using Engine engine = new(blocks: 10, options: static options => options with { MaxSequences = 1 });
        engine.Submit(prompt: 6, maxTokens: 2, tag: "first");
        ScheduledStep step = engine.Schedule();
        engine.Compute(step);
        ServingRequest second = Engine.Request(prompt: 6, maxTokens: 2, tag: "second");
        Assert.False(engine.Scheduler.Fork(step, 0, second, token: 8));
        engine.Complete(step);
        Assert.Equal(["first:1", "second:7"], [engine.Step(), engine.Step()]);
        Assert.Equal((RequestStatus.Finished, 2), (second.Status, second.OutputLength));
    }
}
