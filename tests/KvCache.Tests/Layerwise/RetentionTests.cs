using KvCache.Layerwise;
using KvCache.Memory;
using KvCache.Specs;
using Xunit;

namespace KvCache.Tests.Layerwise;

/// <summary>Layers leave before memory is short, by a forecast, and come back when it is free.</summary>
public sealed class RetentionTests
{
    private static readonly KvGeometry Geometry = new(new KvLayerGroup(8, 1, 2, 2, KvElementType.Float16));

    [Fact]
    public void A_prompt_that_does_not_fit_whole_keeps_as_many_layers_as_do_spread_evenly()
    {
        using LayerwiseKvAllocator allocator = Create(frames: 100, blocks: 40);
        KvSequence first = Open(allocator, blocks: 10);
        Assert.Equal(8, allocator.LayersOnDevice(first));
        KvSequence second = Open(allocator, blocks: 10);
        Compute(allocator, first, second);

        // Two staging buffers for ten blocks each, and a layer or none: 100 − 20 (− 20) frames for 10-block layers.
        LayerTiers tiers = allocator.Tiers;
        Assert.Equal(100, tiers.DeviceLayerBlocks);
        Assert.True(tiers.FreeLayerBlocks >= 0, $"{tiers}");
        Assert.Equal(10 * (allocator.LayersOnDevice(first) + allocator.LayersOnDevice(second)), tiers.KeptLayerBlocks);
        Assert.Equal(LayerLocation.Device, allocator.LocationOf(first, 7));
        Assert.Contains(Enumerable.Range(0, 8), layer => allocator.LocationOf(second, layer) == LayerLocation.Host);
    }

    [Fact]
    public void Retained_layers_leave_before_the_forecast_runs_out_and_nothing_is_refused()
    {
        using LayerwiseKvAllocator allocator = Create(frames: 80, blocks: 16, freeShare: 0.1, forecast: 8);
        KvSequence sequence = Open(allocator, blocks: 6);
        Compute(allocator, sequence);
        Assert.Equal(8, allocator.LayersOnDevice(sequence));
        int[] kept = new int[11];
        for (int blocks = 6; blocks <= 16; blocks++)
        {
            kept[blocks - 6] = allocator.LayersOnDevice(sequence);
            Assert.True(allocator.Tiers.FreeLayerBlocks >= 0, $"{blocks} blocks: {allocator.Tiers}");
            for (int i = 0; i < 4 && blocks < 16; i++)
            {
                Assert.True(sequence.TryAppend([i], out KvRefusal refusal), $"{refusal}");
                Compute(allocator, sequence);
            }
        }

        Assert.Equal(kept.OrderDescending(), kept);
        Assert.True(kept[^1] < 8 && kept[0] == 8, string.Join(' ', kept));
        allocator.CheckIntegrity();
    }

    [Fact]
    public void Without_a_forecast_layers_leave_later()
    {
        int[] left = new int[2];
        for (int i = 0; i < 2; i++)
        {
            using LayerwiseKvAllocator allocator = Create(frames: 64, blocks: 16, freeShare: 0, forecast: i == 0 ? 0 : 16);
            KvSequence sequence = Open(allocator, blocks: 6);
            Compute(allocator, sequence);
            while (allocator.LayersOnDevice(sequence) == 8)
            {
                Assert.True(sequence.TryAppend([1], out _));
                Compute(allocator, sequence);
            }

            left[i] = sequence.Length;
        }

        Assert.True(left[1] < left[0], $"{left[1]} tokens with a forecast, {left[0]} without.");
    }

    [Fact]
    public void Layers_come_back_when_memory_is_free_and_stay()
    {
        using LayerwiseKvAllocator allocator = Create(frames: 100, blocks: 40);
        KvSequence first = Open(allocator, blocks: 10);
        KvSequence second = Open(allocator, blocks: 10);
        Compute(allocator, first, second);
        Assert.True(allocator.LayersOnDevice(second) < 8);
        first.Dispose();
        Verify(allocator, second);
        Assert.Equal(8, allocator.LayersOnDevice(second));
        Verify(allocator, second);
        Assert.All(Enumerable.Range(0, 8), layer => Assert.Equal(LayerLocation.Device, allocator.LocationOf(second, layer)));
        Verify(allocator, second);
        Assert.Equal(0, Enumerable.Range(0, 8).Sum(layer => allocator.TrafficOf(layer).BytesToDevice));
    }

    [Fact]
    public void Those_that_keep_more_than_they_must_give_first_then_the_youngest_or_the_longest()
    {
        OffloadCandidate old = new(Age: 1, Tokens: 50, LayersKept: 4, FewestLayers: 4);
        OffloadCandidate young = new(Age: 9, Tokens: 10, LayersKept: 4, FewestLayers: 4);
        OffloadCandidate rich = new(Age: 0, Tokens: 5, LayersKept: 5, FewestLayers: 4);
        OffloadCandidate[] all = [old, young, rich];
        Assert.Equal([rich, young, old], all.Order(OffloadOrder.YoungestFirst));
        Assert.Equal([rich, old, young], all.Order(OffloadOrder.LongestFirst));
    }

    [Fact]
    public void A_decode_step_brings_every_layer_on_the_host_once_and_sends_only_what_it_wrote()
    {
        using LayerwiseKvAllocator allocator = Create(frames: 32, blocks: 16, placement: new FixedPlacement(0));
        KvSequence sequence = Open(allocator, blocks: 16, reserve: 1);
        Compute(allocator, sequence);
        long page = allocator.Tiers.LayerBlockBytes;
        for (int layer = 0; layer < 8; layer++)
        {
            Assert.Equal(new LayerTraffic(0, 16 * page), allocator.TrafficOf(layer));
        }

        Assert.True(sequence.TryAppend([1], out _));
        Compute(allocator, sequence);
        for (int layer = 0; layer < 8; layer++)
        {
            Assert.Equal(new LayerTraffic(16 * page, page), allocator.TrafficOf(layer));
        }
    }

    private static LayerwiseKvAllocator Create(
        int frames, int blocks, double freeShare = 0, int forecast = 0, IPlacementPolicy? placement = null)
    {
        long page = Geometry.BytesPerToken / 8 * 4;
        return new LayerwiseKvAllocator(new LayerwiseKvAllocatorOptions
        {
            Geometry = Geometry,
            BlockTokens = 4,
            BlockCount = blocks,
            DeviceBytes = frames * page,
            HostBytes = 8 * blocks * page,
            FreeShare = freeShare,
            ForecastSteps = forecast,
            Placement = placement ?? new KeepAllPlacement(),
        });
    }

    /// <summary>Opens a sequence that fills so many blocks, less some tokens.</summary>
    private static KvSequence Open(LayerwiseKvAllocator allocator, int blocks, int reserve = 0)
    {
        int[] prompt = [.. Enumerable.Range(1000 * allocator.Usage.OpenSequences, (4 * blocks) - reserve)];
        Assert.True(allocator.TryOpen(prompt, null, 0, out KvSequence? sequence, out KvRefusal refusal), $"{refusal}");
        return sequence;
    }

    private static void Compute(LayerwiseKvAllocator allocator, params KvSequence[] sequences) =>
        Step(allocator, [.. sequences.Select(static sequence => new KvRow(sequence, sequence.UncomputedLength))]);

    private static void Verify(LayerwiseKvAllocator allocator, params KvSequence[] sequences) =>
        Step(allocator, [.. sequences.Select(static sequence => new KvRow(sequence, 0))]);

    private static void Step(LayerwiseKvAllocator allocator, KvRow[] rows)
    {
        using KvStep step = allocator.BeginStep(rows);
        for (int layer = 0; layer < 8; layer++)
        {
            step.Enter(layer);
            step.Leave(layer);
        }

        step.Complete();
    }
}
