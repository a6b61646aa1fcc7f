using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using KvCache.Serving.CostModels;
using Xunit;

namespace KvCache.Serving.Tests.CostModels;

/// <summary>The roofline: figures worked out by hand, what must grow, and what it takes.</summary>
public sealed class RooflineCostModelTests
{
    private static readonly RooflineEfficiencies Ideal = new()
    {
        MatrixProducts = 1,
        PrefillAttention = 1,
        Memory = 1,
        Link = 1,
        LayerOverhead = TimeSpan.Zero,
        StepOverhead = TimeSpan.Zero,
    };

    /// <summary>A layer of 1,000 weights × 1,000 …: small numbers, so that the sums can be followed.</summary>
    private static readonly TransformerModel Small = new("small", Layers: 2, HiddenSize: 100, QueryHeads: 4, KvHeads: 2, HeadDim: 10, IntermediateSize: 300, VocabularySize: 1000);

    private static readonly AcceleratorDevice Device = new("device", 1_000_000_000, 1e9, 1e8, 1e7, 1e6) { PeerLatency = TimeSpan.FromMilliseconds(1) };

    [Fact]
    public void A_decode_step_reads_weights_and_cache()
    {
        RowWork[] rows = [new(1, 499, IsDecode: true, Samples: true), new(1, 999, IsDecode: true, Samples: true)];
        StepCost cost = new RooflineCostModel(Small, Device, Ideal).Estimate(new StepWork(rows));

        // 102,000 weights of 2 bytes; 1,500 positions of 2 heads × 10 × key and value × 2 bytes.
        Assert.Equal((204_000 + (1_500 * 80)) / 1e8, cost.PerLayer.TotalSeconds, 1e-6);
        Assert.Equal(200_000 / 1e8, cost.After.TotalSeconds, 1e-6);
        Assert.Equal(2, cost.Layers);
    }

    [Fact]
    public void A_prefill_step_computes()
    {
        RowWork[] rows = [new(100, 50, IsDecode: false, Samples: true)];
        StepCost cost = new RooflineCostModel(Small, Device, Ideal).Estimate(new StepWork(rows));

        Assert.Equal(((2 * 102_000 * 100) + (4 * 4 * 10 * 100 * (50 + 50))) / 1e9, cost.PerLayer.TotalSeconds, 1e-6);
    }

    [Fact]
    public void Devices_share_the_work_and_exchange_the_result()
    {
        RowWork[] rows = [new(100, 50, IsDecode: false, Samples: false)];
        double alone = new RooflineCostModel(Small, Device, Ideal).Estimate(new StepWork(rows)).PerLayer.TotalSeconds;
        double shared = new RooflineCostModel(Small, Device, Ideal, tensorParallel: 2).Estimate(new StepWork(rows)).PerLayer.TotalSeconds;

        // Two all-reduces of 100 × 100 × 2 bytes, of which each device sends 2 × 1/2.
        Assert.Equal((alone / 2) + (2 * (0.001 + (20_000 / 1e6))), shared, 1e-6);
    }

    [Fact]
    public void A_copy_takes_a_latency_and_its_bytes()
    {
        RooflineCostModel model = new(TransformerModels.Llama31With8B, AcceleratorDevices.H100);
        RooflineCostModel older = new(TransformerModels.Llama31With8B, AcceleratorDevices.L20);

        // 6 µs and 26 GB/s: 32 KiB at 4.5 GB/s, 1 MiB at 22.6 GB/s.
        Assert.Equal(6 + (32_768 / 26e3), older.EstimateCopy(32_768).TotalMicroseconds, 0.1);
        Assert.Equal(6 + (1_048_576 / 26e3), older.EstimateCopy(1_048_576).TotalMicroseconds, 0.1);
        Assert.Equal(6 + (1_048_576 / 52e3), model.EstimateCopy(1_048_576).TotalMicroseconds, 0.1);
        Assert.Throws<ArgumentOutOfRangeException>(() => model.EstimateCopy(-1));
    }

    /// <summary>
    /// The non-attention part of Llama-2-7B as vidur measured it, in milliseconds: within a quarter everywhere, which is what sources
    /// differ by on one and the same matrix product.
    /// </summary>
    [Theory]
    [InlineData("A100-80G", 1, 9.28)]
    [InlineData("A100-80G", 512, 33.4)]
    [InlineData("A100-80G", 2048, 133.4)]
    [InlineData("A100-80G", 4096, 258.4)]
    [InlineData("H100", 1, 5.60)]
    [InlineData("H100", 512, 12.0)]
    [InlineData("H100", 2048, 40.3)]
    [InlineData("H100", 4096, 83.5)]
    [InlineData("A40", 1, 23.9)]
    [InlineData("A40", 512, 71.1)]
    [InlineData("A40", 2048, 259.5)]
    [InlineData("A40", 4096, 522.9)]
    public void Published_times_of_matrix_products_are_met(string device, int tokens, double milliseconds)
    {
        // A model without heads' work to speak of: attention over itself is subtracted.
        RooflineEfficiencies noAttention = new() { PrefillAttention = 1 };
        RooflineCostModel model = new(TransformerModels.Llama2With7B, AcceleratorDevices.All.Single(other => other.Name == device), noAttention);
        StepCost cost = model.Estimate(new StepWork([new RowWork(tokens, 0, IsDecode: false, Samples: false)]));
        double attention = 4.0 * 4096 * tokens * tokens / 2 / AcceleratorDevices.All.Single(other => other.Name == device).FlopsPerSecond;
        Assert.InRange(((cost.PerLayer.TotalSeconds - attention) * cost.Layers * 1e3) / milliseconds, 1 / 1.25, 1.25);
    }

    [Property]
    public Property More_work_never_takes_less_time() => Prop.ForAll(
        Gen.Elements(TransformerModels.All.ToArray()).ToArbitrary(),
        Gen.Elements(AcceleratorDevices.All.ToArray()).ToArbitrary(),
        Gen.Choose(0, 20_000).ListOf(3).ToArbitrary(),
        static (transformer, device, sizes) =>
        {
            (int tokens, int context, int more) = (1 + (sizes[0] / 5), sizes[1], sizes[2] / 4);
            RooflineCostModel model = new(transformer, device);
            TimeSpan Time(params RowWork[] rows) => model.Estimate(new StepWork(rows)).Total;
            RowWork row = new(tokens, context, IsDecode: false, Samples: true);
            RowWork decode = new(1, context, IsDecode: true, Samples: true);
            return Time(row with { Tokens = tokens + more }) >= Time(row)
                && Time(row with { Context = context + more }) >= Time(row)
                && Time(row, decode) >= Time(row)
                && Time(decode, decode with { Context = context + more }) >= Time(decode, decode);
        });

    [Fact]
    public void What_cannot_be_is_refused_by_name()
    {
        TransformerModel model = TransformerModels.YiWith34B;
        Assert.Throws<ArgumentOutOfRangeException>("tensorParallel", () => new RooflineCostModel(model, AcceleratorDevices.L20, null, 3));
        Assert.Throws<ArgumentOutOfRangeException>("tensorParallel", () => model.Geometry(0));
        Assert.Throws<ArgumentOutOfRangeException>("Memory", () => new RooflineCostModel(model, AcceleratorDevices.L20, new RooflineEfficiencies { Memory = 1.1 }));
        Assert.Throws<ArgumentOutOfRangeException>("MatrixProducts", () => new RooflineCostModel(model, AcceleratorDevices.L20, new RooflineEfficiencies { MatrixProducts = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(
            "StepOverhead", () => new RooflineCostModel(model, AcceleratorDevices.L20, new RooflineEfficiencies { StepOverhead = TimeSpan.FromTicks(-1) }));
        Assert.Throws<ArgumentOutOfRangeException>("utilization", () => MemoryBudget.CacheBytes(model, AcceleratorDevices.L20, utilization: 0));
    }
}
