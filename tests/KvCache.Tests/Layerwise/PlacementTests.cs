using KvCache.Layerwise;
using Xunit;

namespace KvCache.Tests.Layerwise;

/// <summary>Which layers stay, and how many: the worked examples of the paper's rules.</summary>
public sealed class PlacementTests
{
    private const long LlamaBytesPerTokenAndLayer = 2 * 32 * 128 * 2;

    /// <summary>Llama-2-7B on an L20: half of 119.5 TFLOP/s are reached.</summary>
    private static readonly PrefillTime Llama = new(6.74e9, Layers: 32, Width: 4096, PeakFlops: 119.5e12, Correction: 2);

    [Theory]
    [InlineData(8, 4, new[] { 1, 3, 5, 7 })]
    [InlineData(32, 5, new[] { 5, 11, 18, 24, 31 })]
    [InlineData(5, 2, new[] { 1, 4 })]
    [InlineData(5, 5, new[] { 0, 1, 2, 3, 4 })]
    [InlineData(7, 1, new[] { 6 })]
    [InlineData(7, 0, new int[0])]
    public void Kept_layers_are_spread_evenly_and_the_last_is_among_them(int layers, int kept, int[] expected) =>
        Assert.Equal(expected, InterleavedLayers.Of(layers, kept));

    [Fact]
    public void Layers_kept_later_stand_farthest_from_those_kept_already_and_the_first_to_go_is_the_least_apart()
    {
        for (int layers = 1; layers <= 40; layers++)
        {
            for (int kept = 1; kept <= layers; kept++)
            {
                KeptLayers set = new(layers, kept, 0);
                set.Keep(layers);
                Assert.True(set.IsWhole);
                while (set.Count > kept)
                {
                    int least = set.LeastWanted();
                    Assert.True(set[least]);
                    set.GiveUp(least);
                }

                Assert.Equal(kept, Enumerable.Range(0, layers).Count(layer => set[layer]));
                Assert.True(set[layers - 1] || kept < layers);
                Assert.True(LongestRun(set, layers) <= (2 * ((layers + kept - 1) / kept)) - 1, $"{kept} of {layers}");
            }
        }
    }

    /// <summary>Seconds of a prefill, and of the copies of all its layers at 26 GB/s.</summary>
    [Theory]
    [InlineData(128, 0.0289, 0.0026)]
    [InlineData(1024, 0.236, 0.0206)]
    [InlineData(4096, 0.998, 0.0826)]
    [InlineData(16384, 4.87, 0.330)]
    public void Prefill_and_offload_take_what_the_worked_table_says(int tokens, double prefill, double offload)
    {
        Assert.Equal(prefill, Llama.Seconds(tokens), prefill * 0.005);
        Assert.Equal(offload, 32L * tokens * LlamaBytesPerTokenAndLayer / 26e9, offload * 0.01);
    }

    [Theory]
    [InlineData(1e9, 18)]
    [InlineData(2e9, 4)]
    [InlineData(3e9, 0)]
    [InlineData(26e9, 0)]
    public void The_fewest_layers_that_hide_the_offload_follow_from_the_bandwidth(double bandwidth, int kept)
    {
        TimeBudgetPlacement policy = new(Llama.Seconds);
        Assert.Equal(new PlacementRange(kept, 32), policy.Choose(Request(1024, 1024, bandwidth)));
    }

    /// <summary>Layers away, tokens, seconds to bring them back in every step at 26 GB/s.</summary>
    [Theory]
    [InlineData(16, 4096, 0.0413)]
    [InlineData(16, 16384, 0.1652)]
    [InlineData(32, 16384, 0.3304)]
    public void No_more_layers_leave_than_every_decode_step_can_bring_back(int away, int tokens, double seconds)
    {
        Assert.Equal(seconds, away * tokens * LlamaBytesPerTokenAndLayer / 26e9, seconds * 0.01);
        Assert.Equal(32 - away, Fewest(tokens, seconds * 1.005));
        Assert.Equal(32 - away + 1, Fewest(tokens, seconds * 0.99));
    }

    [Fact]
    public void Both_bounds_hold_together_and_a_cached_prompt_has_only_the_second()
    {
        TimeBudgetPlacement policy = new(Llama.Seconds, reloadSeconds: 0.0413);
        Assert.Equal(18, policy.Choose(Request(1024, 1024, 1e9, 26e9)).Fewest);
        Assert.Equal(16, policy.Choose(Request(4096, 1, 26e9)).Fewest);
        Assert.Equal(16, policy.Choose(Request(4096, 0, 26e9)).Fewest);
    }

    [Fact]
    public void The_other_policies_say_what_they_are_named_after()
    {
        Assert.Equal(new PlacementRange(0, 32), new KeepAllPlacement().Choose(Request(10, 10, 1e9)));
        Assert.Equal(new PlacementRange(5, 5), new FixedPlacement(5).Choose(Request(10, 10, 1e9)));
        Assert.Equal(new PlacementRange(32, 32), new FixedPlacement(40).Choose(Request(10, 10, 1e9)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new FixedPlacement(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TimeBudgetPlacement(Llama.Seconds, double.NaN));
        Assert.Throws<ArgumentNullException>(() => new TimeBudgetPlacement(null!));
    }

    private static int Fewest(int tokens, double reloadSeconds) =>
        new TimeBudgetPlacement(static _ => double.PositiveInfinity, reloadSeconds).Choose(Request(tokens, 1, 26e9)).Fewest;

    private static PlacementRequest Request(int tokens, int uncomputed, double toHost, double? toDevice = null) =>
        new(32, tokens, uncomputed, LlamaBytesPerTokenAndLayer, 32, toDevice ?? toHost, toHost);

    private static int LongestRun(KeptLayers set, int layers)
    {
        (int longest, int run) = (0, 0);
        for (int layer = 0; layer < layers; layer++)
        {
            run = set[layer] ? 0 : run + 1;
            longest = Math.Max(longest, run);
        }

        return longest;
    }
}
