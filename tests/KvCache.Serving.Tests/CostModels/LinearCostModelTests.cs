using KvCache.Serving.CostModels;
using Xunit;

namespace KvCache.Serving.Tests.CostModels;

public sealed class LinearCostModelTests
{
    [Fact]
    public void AStepCostsItsBaseItsPrefillTokensAndItsDecodingRequests()
    {
        LinearCostModel model = new(5000, 100, 50);
        RowWork[] rows = [new(30, 0, IsDecode: false, Samples: true), new(1, 99, IsDecode: true, Samples: true), new(1, 3, IsDecode: false, Samples: false)];

        StepCost cost = model.Estimate(new StepWork(rows));

        Assert.Equal(5000 + (31 * 100) + 50, cost.Total.TotalMicroseconds);
    }

    [Fact]
    public void AnEmptyStepCostsTheBase() =>
        Assert.Equal(TimeSpan.FromMilliseconds(5), new LinearCostModel(5000, 100, 50).Estimate(default).Total);

    [Theory]
    [InlineData(-1, 0, 0, "baseMicroseconds")]
    [InlineData(0, -1, 0, "prefillTokenMicroseconds")]
    [InlineData(0, 0, -1, "decodeRequestMicroseconds")]
    public void NegativeCostsAreRefusedByName(long stepBase, long prefill, long decode, string name) =>
        Assert.Throws<ArgumentOutOfRangeException>(name, () => new LinearCostModel(stepBase, prefill, decode));
}
