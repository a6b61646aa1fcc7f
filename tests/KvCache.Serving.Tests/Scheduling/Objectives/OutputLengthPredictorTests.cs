using KvCache.Serving.Scheduling;
using KvCache.Serving.Scheduling.Objectives;
using Xunit;

namespace KvCache.Serving.Tests.Scheduling.Objectives;

/// <summary>Predictors of output lengths.</summary>
public sealed class OutputLengthPredictorTests
{
    [Fact]
    public void An_oracle_knows()
    {
        Assert.Equal(new OutputLengthRange(30, 30), new OracleOutputLengths().Predict(new ServingRequest([1], 30)));
        Assert.Equal(new OutputLengthRange(7, 7), new OracleOutputLengths(static _ => 7).Predict(new ServingRequest([1], 30)));
    }

    [Theory]
    [InlineData(1, 1, 10)]
    [InlineData(10, 1, 10)]
    [InlineData(11, 11, 20)]
    [InlineData(20, 11, 20)]
    [InlineData(21, 21, 50)]
    public void Buckets_end_at_their_edges(int length, int least, int most) => Assert.Equal(
        new OutputLengthRange(least, most),
        new BucketedOutputLengths([10, 20], length: _ => length).Predict(new ServingRequest([1], 50)));

    [Fact]
    public void As_many_buckets_are_wrong_as_was_asked_for_each_by_one()
    {
        BucketedOutputLengths predictor = new([10, 20, 30, 40], accuracy: 0.8, seed: 5, length: static _ => 25);
        using Engine engine = new(blocks: 10_000);
        int[] least = [.. Enumerable.Range(0, 5_000).Select(_ => predictor.Predict(engine.Submit(1, 40)).Least)];
        Assert.Equal([11, 21, 31], least.Distinct().Order());
        Assert.InRange(least.Count(static edge => edge == 21), 3_900, 4_100);
        Assert.InRange(least.Count(static edge => edge == 11), 400, 600);
        engine.Allocator.CheckIntegrity();
    }

    [Fact]
    public void A_histogram_has_a_bucket_for_every_length()
    {
        int last = 0;
        for (int length = 1; length < 100_000; length++)
        {
            int bucket = HistogramOutputLengths.BucketOf(length);
            Assert.InRange(bucket, last, last + 1);
            Assert.InRange(length, HistogramOutputLengths.LeastOf(bucket), HistogramOutputLengths.LeastOf(bucket + 1) - 1);
            last = bucket;
        }

        Assert.InRange(HistogramOutputLengths.BucketOf(int.MaxValue), last, 254);
    }

    [Fact]
    public void A_histogram_learns_and_forgets()
    {
        HistogramOutputLengths predictor = new(memory: 64);
        ServingRequest asked = new([1], 1_000);
        Assert.Equal(new OutputLengthRange(1, 1_000), predictor.Predict(asked));
        Observe(predictor, length: 8, times: 50);
        Assert.Equal(new OutputLengthRange(8, 8), predictor.Predict(asked));
        Observe(predictor, length: 100, times: 500);
        OutputLengthRange range = predictor.Predict(asked);
        Assert.InRange(100, range.Least, range.Most);
    }

    [Fact]
    public void Bad_arguments_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new BucketedOutputLengths([]));
        Assert.Throws<ArgumentException>(() => new BucketedOutputLengths([5, 5]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BucketedOutputLengths([5], accuracy: 1.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new HistogramOutputLengths(0.6, 0.5));
        Assert.Throws<ArgumentOutOfRangeException>(() => new HistogramOutputLengths(memory: 1));
    }

    private static void Observe(HistogramOutputLengths predictor, int length, int times)
    {
        using Engine engine = new(blocks: 200);
        ServingRequest request = engine.Submit(1, length);
        engine.RunToEnd();
        for (int i = 0; i < times; i++)
        {
            predictor.Observe(request);
        }
    }
}
