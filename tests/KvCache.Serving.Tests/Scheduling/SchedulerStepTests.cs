using KvCache.Serving.CostModels;
using KvCache.Serving.Scheduling;
using Xunit;

namespace KvCache.Serving.Tests.Scheduling;

/// <summary>What stands in a step, and how it ends.</summary>
public sealed class SchedulerStepTests
{
    [Fact]
    public void A_long_prompt_is_computed_in_chunks_beside_what_decodes()
    {
        using Engine engine = new(blocks: 100, options: static options => options with { MaxStepTokens = 10 });
        engine.Submit(prompt: 4, maxTokens: 4, tag: "a");
        engine.Submit(prompt: 25, maxTokens: 2, tag: "b");
        Assert.Equal(["a:4 b:6", "a:1 b:9", "a:1 b:9", "a:1 b:1", "b:1"], Enumerable.Range(0, 5).Select(_ => engine.Step()));
        Assert.False(engine.Scheduler.TrySchedule(out _));
        SchedulerStatistics statistics = engine.Scheduler.Statistics;
        Assert.Equal((5, 4 + 25, 3 + 1, 0, 0), (statistics.Steps, statistics.PrefillTokens, statistics.DecodeTokens, statistics.HitTokens, statistics.Preemptions));
    }

    [Fact]
    public void Rows_say_what_they_compute()
    {
        using Engine engine = new(blocks: 100, options: static options => options with { MaxStepTokens = 10 });
        engine.Submit(prompt: 4, maxTokens: 2);
        engine.Submit(prompt: 12, maxTokens: 1);
        engine.Step();
        ScheduledStep step = engine.Schedule();
        Assert.Equal([new RowWork(1, 4, IsDecode: true, Samples: true), new RowWork(6, 6, IsDecode: false, Samples: true)], step.RowWork.ToArray());
        Assert.Equal([Engine.Token], step.Tokens(0).ToArray());
        Assert.Equal([6, 7, 8, 9, 10, 11], step.Tokens(1).ToArray());
        Assert.Equal((7, 2, 0), (step.TokenCount, step.SampledRows, step.Preempted));
        engine.Compute(step);
        engine.Complete(step);
    }

    [Fact]
    public void No_more_run_than_there_are_places()
    {
        using Engine engine = new(blocks: 100, options: static options => options with { MaxSequences = 2 });
        for (int i = 0; i < 3; i++)
        {
            engine.Submit(prompt: 2, maxTokens: 2, tag: i);
        }

        Assert.Equal(["0:2 1:2", "0:1 1:1", "2:2", "2:1"], Enumerable.Range(0, 4).Select(_ => engine.Step()));
    }

    [Fact]
    public void Where_memory_is_short_the_last_to_start_gives_its_own_up_and_nobody_starts_in_that_step()
    {
        using Engine engine = new(blocks: 5);
        engine.Submit(prompt: 8, maxTokens: 5, tag: "a");
        ServingRequest b = engine.Submit(prompt: 8, maxTokens: 3, tag: "b");
        Assert.Equal("a:8 b:8", engine.Step());
        engine.Submit(prompt: 1, maxTokens: 1, tag: "c");
        Assert.Equal("a:1", engine.Step());
        Assert.Equal((RequestStatus.Waiting, 1, 0, 2), (b.Status, b.Preemptions, b.ComputedLength, engine.Scheduler.WaitingCount));
        Assert.Equal(["a:1", "a:1", "a:1", "b:9 c:1", "b:1"], Enumerable.Range(0, 5).Select(_ => engine.Step()));
        Assert.Equal((8L, RequestStatus.Finished), (b.RecomputedTokens, b.Status));
        Assert.Equal(
            ["a submitted", "b submitted", "a started", "b started", "c submitted", "b preempted", "a Finished", "b started", "c started", "c Finished", "b Finished"],
            engine.Heard);
    }

    [Fact]
    public void A_preempted_request_finds_what_is_left_of_its_own_blocks()
    {
        using Engine engine = new(blocks: 6, prefixCaching: true);
        engine.Submit(new ServingRequest([1, 1, 1, 1, 1, 1, 1, 1], 5) { Tag = "a" });
        ServingRequest b = engine.Submit(new ServingRequest([2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2], 3) { Tag = "b" });
        Assert.Equal("a:8 b:11", engine.Step());
        Assert.Equal(["a:1 b:1", "a:1"], [engine.Step(), engine.Step()]);
        engine.RunToEnd();
        Assert.Equal((1, 12L, 0L), (b.Preemptions, b.HitTokens, b.RecomputedTokens));
    }

    [Fact]
    public void A_step_that_was_abandoned_is_made_again_with_the_memory_it_had()
    {
        using Engine engine = new(blocks: 10);
        ServingRequest request = engine.Submit(prompt: 6, maxTokens: 2, tag: "a");
        for (int i = 0; i < 2; i++)
        {
            ScheduledStep step = engine.Schedule();
            using (KvStep memory = engine.Allocator.BeginStep(step.Rows))
            {
            }

            engine.Scheduler.Abandon(step);
            Assert.False(step.IsOpen);
            Assert.Equal((0, 6, RequestStatus.Running), (request.ComputedLength, request.Sequence!.Length, request.Status));
        }

        Assert.Equal(["a:6", "a:1"], [engine.Step(), engine.Step()]);
        Assert.Equal(2, engine.Scheduler.Statistics.Steps);
    }

    [Fact]
    public void A_step_is_completed_after_the_allocators_and_once()
    {
        using Engine engine = new(blocks: 10);
        ServingRequest request = engine.Submit(prompt: 6, maxTokens: 2);
        ScheduledStep step = engine.Schedule();
        Assert.Throws<InvalidOperationException>(() => engine.Scheduler.TrySchedule(out _));
        Assert.Equal("Row 0 has 0 tokens computed; expected 6: complete the allocator's step first.", Assert.Throws<InvalidOperationException>(() => engine.Complete(step)).Message);
        engine.Compute(step);
        Assert.Throws<InvalidOperationException>(() => engine.Scheduler.Abandon(step));
        ArgumentException exception = Assert.Throws<ArgumentException>("tokens", () => engine.Scheduler.Complete(step, [1, 2]));
        Assert.StartsWith("2 tokens were given; expected 1.", exception.Message, StringComparison.Ordinal);
        Assert.Equal(0, request.OutputLength);
        engine.Complete(step);
        Assert.Equal(1, request.OutputLength);
        Assert.Throws<InvalidOperationException>(() => engine.Scheduler.Complete(step, [1]));
        Assert.Throws<InvalidOperationException>(() => engine.Scheduler.Abandon(step));
        Assert.Throws<InvalidOperationException>(() => step.TokenCount);
        Assert.Throws<InvalidOperationException>(() => default(ScheduledStep).TokenCount);
        engine.RunToEnd();
    }

    [Fact]
    public void Nothing_is_scheduled_from_within_a_notification()
    {
        using Engine engine = new(blocks: 10);
        int refused = 0;
        engine.Ended = _ => refused += Record.Exception(() => engine.Scheduler.TrySchedule(out ScheduledStep _)) is InvalidOperationException ? 1 : 0;
        engine.Submit(prompt: 6, maxTokens: 1);
        engine.Step();
        Assert.Equal(1, refused);
        Assert.False(engine.Scheduler.TrySchedule(out _));
    }

    [Fact]
    public void Others_may_hold_the_memory_for_a_while()
    {
        using Engine engine = new(blocks: 4);
        Assert.True(engine.Allocator.TryOpen(new int[12], null, 0, out KvSequence? other, out _));
        ServingRequest request = engine.Submit(prompt: 6, maxTokens: 2, tag: "a");
        Assert.False(engine.Scheduler.TrySchedule(out ScheduledStep step));
        Assert.False(step.IsOpen);
        Assert.Equal((RequestStatus.Waiting, 1), (request.Status, engine.Scheduler.WaitingCount));
        other.Dispose();
        Assert.Equal("a:6", engine.Step());
        engine.RunToEnd();
    }

    [Fact]
    public void Times_are_noted_from_the_clock_that_is_given()
    {
        ManualClock clock = new();
        using Engine engine = new(blocks: 10, options: options => options with { TimeProvider = clock, MaxStepTokens = 4 });
        clock.Advance(1);
        ServingRequest request = engine.Submit(prompt: 6, maxTokens: 2);
        Assert.Null(request.StartedAt);
        for (int i = 0; i < 3; i++)
        {
            clock.Advance(10);
            ScheduledStep step = engine.Schedule();
            engine.Compute(step);
            clock.Advance(100);
            engine.Complete(step);
        }

        Assert.Equal(
            [1, 11, 221, 331],
            new[] { request.SubmittedAt, request.StartedAt!.Value, request.FirstTokenAt!.Value, request.EndedAt!.Value }.Select(static time => time.TotalSeconds));
    }
}
