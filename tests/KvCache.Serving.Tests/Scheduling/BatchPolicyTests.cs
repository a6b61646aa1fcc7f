using KvCache.Serving.Scheduling;
using Xunit;

namespace KvCache.Serving.Tests.Scheduling;

/// <summary>Running requests that pause for a step.</summary>
public sealed class BatchPolicyTests
{
    [Fact]
    public void Who_is_not_included_pauses_and_keeps_its_memory()
    {
        OnlyNamed batch = new("a");
        using Engine engine = new(blocks: 20, options: options => options with { Batch = batch });
        engine.Submit(6, 4, "a");
        ServingRequest paused = engine.Submit(5, 4, "b");
        Assert.Equal("a:6 b:5", engine.Step());
        int available = engine.Allocator.Usage.AvailableBlocks;
        Assert.Equal("a:1", engine.Step());
        Assert.Equal("a:1", engine.Step());
        Assert.Equal((6, 5, RequestStatus.Running), (paused.TokenCount, paused.ComputedLength, paused.Status));
        Assert.Equal(available, engine.Allocator.Usage.AvailableBlocks);
        batch.Name = "b";
        Assert.Equal("a:1 b:1", engine.Step());
        Assert.Equal("b:1", engine.Step());
    }

    [Fact]
    public void The_first_always_computes_so_that_everybody_is_served()
    {
        using Engine engine = new(blocks: 20, options: static options => options with { Batch = new OnlyNamed("nobody") });
        engine.Submit(6, 2, "a");
        engine.Submit(5, 2, "b");
        engine.Submit(4, 2, "c");
        Assert.Equal("a:6 b:5 c:4", engine.Step());
        Assert.Equal(["a:1", "b:1", "c:1"], ((int[])[1, 2, 3]).Select(_ => engine.Step()));
        Assert.Equal(0, engine.Scheduler.Running.Length);
    }

    private sealed class OnlyNamed(string name) : IBatchPolicy
    {
        public string Name { get; set; } = name;

        public void BeginStep(ContinuousBatchScheduler scheduler) => Assert.NotEqual(0, scheduler.Running.Length);

        public bool Includes(ServingRequest request) => Equals(request.Tag, Name);
    }
}
