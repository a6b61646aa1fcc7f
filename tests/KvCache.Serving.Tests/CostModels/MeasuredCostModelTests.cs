using KvCache.Serving.CostModels;
using Xunit;

namespace KvCache.Serving.Tests.CostModels;

public sealed class MeasuredCostModelTests
{
    private static readonly RowWork[] Prefill = [new(100, 0, IsDecode: false, Samples: true)];
    private static readonly RowWork[] Decode = [new(1, 100, IsDecode: true, Samples: true)];

    [Fact]
    public void What_was_never_observed_costs_nothing() => Assert.Equal(TimeSpan.Zero, new MeasuredCostModel().Estimate(new StepWork(Prefill)).Total);

    [Fact]
    public void Equal_steps_are_estimated_as_they_were_observed()
    {
        MeasuredCostModel costs = new();
        for (int i = 0; i < 10; i++)
        {
            costs.Observe(new StepWork(Prefill), TimeSpan.FromMilliseconds(50));
            costs.Observe(new StepWork(Decode), TimeSpan.FromMilliseconds(3));
        }

        Assert.Equal(50, costs.Estimate(new StepWork(Prefill)).Total.TotalMilliseconds, 3);
        Assert.Equal(3, costs.Estimate(new StepWork(Decode)).Total.TotalMilliseconds, 3);
        Assert.Equal(53, costs.Estimate(new StepWork([.. Prefill, .. Decode])).Total.TotalMilliseconds, 3);
    }

    [Fact]
    public void Estimates_follow_the_machine()
    {
        MeasuredCostModel costs = new();
        costs.Observe(new StepWork(Prefill), TimeSpan.FromMilliseconds(50));
        for (int i = 0; i < 200; i++)
        {
            costs.Observe(new StepWork(Prefill), TimeSpan.FromMilliseconds(10));
        }

        Assert.Equal(10, costs.Estimate(new StepWork(Prefill)).Total.TotalMilliseconds, 1);
    }

    [Fact]
    public void A_time_below_zero_is_an_error() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new MeasuredCostModel().Observe(new StepWork(Prefill), TimeSpan.FromTicks(-1)));
}
