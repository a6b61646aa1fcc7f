using KvCache.Cuda.Simulation;
using Xunit;

namespace KvCache.Cuda.Tests.Simulation;

public sealed class SimulatedCudaCostTests
{
    public static TheoryData<double, double, double> Measured => new()
    {
        { 193, 381, 493 }, { 1.45, 5, 105 }, { 36, 54, 169 }, { 25.6, 39, 126 },
    };

    [Theory]
    [MemberData(nameof(Measured))]
    public void The_distribution_has_the_mean_the_percentile_and_the_worst_that_were_measured(double mean, double percentile, double worst)
    {
        SimulatedCudaCost cost = new(mean, percentile, worst);
        const int points = 1_000_000;
        double[] times = [.. Enumerable.Range(0, points).Select(i => cost.At((i + 0.5) / points))];
        Assert.Equal(mean, times.Average(), mean * 0.001);
        Assert.Equal(percentile, times[points / 100 * 99], percentile * 0.001);
        Assert.Equal(worst, times[^1], worst * 0.001);
        Assert.Equal(times, times.Order());
        Assert.True(times[0] > 0);
    }

    [Fact]
    public void A_constant_cost_does_not_vary()
    {
        SimulatedCudaCost cost = SimulatedCudaCost.Constant(19);
        Assert.All([0, 0.5, 0.995, 1], quantile => Assert.Equal(19, cost.At(quantile)));
    }
}
