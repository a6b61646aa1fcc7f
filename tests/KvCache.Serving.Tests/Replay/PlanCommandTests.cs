using System.Globalization;
using Xunit;

namespace KvCache.Serving.Tests.Replay;

/// <summary>The command <c>replay plan</c>: how many fit, and where queues begin to grow.</summary>
public sealed class PlanCommandTests
{
    [Fact]
    public void It_says_how_many_sequences_fit_and_what_they_waste()
    {
        // 100 blocks of 16 tokens; 90 + 10 tokens take 7 blocks, of which 12 tokens stay empty.
        string output = Plan("--context 90 --output 10 --blocks 101 --requests 50");

        Assert.Equal("1,600", Figure(output, "tokens that fit"));
        Assert.Equal("14", Figure(output, "sequences that fit, in full length"));
        double waste = double.Parse(Figure(output, "memory held and empty").TrimEnd('%', ' '), CultureInfo.InvariantCulture);
        Assert.InRange(waste, 1, 100 * 15.0 / 112);
    }

    [Fact]
    public void Managers_stand_side_by_side()
    {
        // Virtual tensors of this model take 1,024 tokens at a time: 1,600 blocks of 16 are 25 groups, of which every sequence takes one.
        string output = Plan("--context 90 --output 10 --blocks 1601 --requests 50 --allocator paged,virtual");

        Assert.Equal(["25,600", "25,600"], Figures(output, "tokens that fit"));
        Assert.Equal(["228", "25"], Figures(output, "sequences that fit, in full length"));
        double[] waste = [.. Figures(output, "memory held and empty").Select(static text => double.Parse(text.TrimEnd('%', ' '), CultureInfo.InvariantCulture))];
        Assert.InRange(waste[0], 1, 100 * 15.0 / 112);
        Assert.InRange(waste[1], 100 * (1 - (100 / 1024.0)), 100 * (1 - (90 / 1024.0)));
        double[] capacity = [.. Figures(output, "the queue grows without end from, requests/s").Select(static text => double.Parse(text, CultureInfo.InvariantCulture))];
        Assert.True(capacity[1] < capacity[0]);
    }

    [Fact]
    public void Queues_grow_beyond_the_capacity_and_not_below()
    {
        string output = Plan("--context 500 --output 100 --blocks 1000 --requests 300");

        double capacity = double.Parse(Figure(output, "the queue grows without end from, requests/s"), CultureInfo.InvariantCulture);
        string[] rows = [.. output.Split('\n').Where(static row => row.Contains(" % │") && row.Split('│').Length == 9)];
        double[] firstTokens = [.. rows.Select(static row => double.Parse(row.Split('│')[3], NumberStyles.Number, CultureInfo.InvariantCulture))];
        Assert.InRange(capacity, 0.1, 100);
        Assert.Equal(7, firstTokens.Length);
        Assert.Equal(firstTokens.Order(), firstTokens);
        Assert.True(firstTokens[^1] > 5 * firstTokens[0], "At five quarters of the capacity the queue grows.");
        Assert.True(firstTokens[2] < 3 * firstTokens[0], "At three quarters it does not.");
    }

    private static string Plan(string options)
    {
        (int exitCode, string output, string error) = ReplayFolder.Run($"plan --model Llama-3.1-8B --device L20 {options}".Split(' '));
        Assert.Equal((0, ""), (exitCode, error));
        return output;
    }

    private static string Figure(string output, string name) => Assert.Single(Figures(output, name));

    private static string[] Figures(string output, string name) =>
        [.. output.Split('\n').Single(row => row.Contains(name, StringComparison.Ordinal)).Split('│')[2..^1].Select(static text => text.Trim())];
}
