using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using KvCache.Serving.Simulation;
using KvCache.Serving.Traces;
using Xunit;

namespace KvCache.Serving.Tests.Traces;

/// <summary>What becomes of a trace's requests on their way to the simulator.</summary>
public sealed class TraceRequestsTests
{
    [Theory]
    [InlineData(3, new long[] { 0, 2, 3, 100 }, new long[] { 0, 0, 1, 33 })]
    [InlineData(1, new long[] { 7 }, new long[] { 7 })]
    [InlineData(0.5, new long[] { 7 }, new long[] { 14 })]
    [InlineData(1.5, new long[] { 7, 9 }, new long[] { 4, 6 })]
    public void Arrivals_are_divided_in_whole_microseconds(double factor, long[] arrivals, long[] expected)
    {
        IEnumerable<TraceRequest> requests = arrivals.Select(static (arrival, i) => new TraceRequest(i, 0, TimeSpan.FromMicroseconds(arrival), 1, 1));
        Assert.Equal(expected.Select(static arrival => TimeSpan.FromMicroseconds(arrival)), requests.ScaleRate((decimal)factor).Select(static request => request.Arrival));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void A_factor_that_is_none_is_refused(int factor) =>
        Assert.Throws<ArgumentOutOfRangeException>(nameof(factor), () => Array.Empty<TraceRequest>().ScaleRate(factor));

    [Fact]
    public void Nothing_is_shorter_than_a_token()
    {
        SimulatedRequest simulated = Assert.Single(new[] { new TraceRequest(0, 0, TimeSpan.FromSeconds(2), 0, 0) }.ToSimulated());
        Assert.Equal(new SimulatedRequest(TimeSpan.FromSeconds(2), 1, 1), simulated);
    }

    /// <summary>Tokens read in any pieces are those of the prompt written out in full.</summary>
    [Property]
    public Property Tokens_are_made_of_blocks() => Prop.ForAll(
        Gen.Choose(1, 9).ToArbitrary(),
        Gen.Choose(0, 60).ToArbitrary(),
        Gen.Choose(0, 70).Two().ToArbitrary(),
        static (blockTokens, length, piece) =>
        {
            int[] blocks = [.. Enumerable.Range(0, length / blockTokens).Select(static i => (i * i) % 5)];
            TraceRequest request = new(42, 0, default, length, 1) { Blocks = blocks, BlockTokens = blockTokens };
            int[] all = [.. Enumerable.Range(0, 200).Select(i => i / blockTokens < blocks.Length ? blocks[i / blockTokens] : ~42)];
            int[] read = new int[piece.Item2];
            request.Text.Read(piece.Item1, read);
            return read.SequenceEqual(all.Skip(piece.Item1).Take(piece.Item2));
        });
}
