using System.Diagnostics.Metrics;
using KvCache.Diagnostics;
using KvCache.Paged;
using KvCache.Tests.Scenarios;
using Xunit;

namespace KvCache.Tests.Diagnostics;

public class MetricsTests
{
    /// <summary>Set while this test makes its allocator, so that others' instruments are told from it.</summary>
    private static readonly AsyncLocal<bool> Marker = new();
    private readonly MeterRecorder _meters = new();

    [Fact]
    public void Names_kinds_and_units_are_as_documented()
    {
        using Stage stage = Make(blocks: 4);
        string[] instruments = [.. _meters.Instruments.Select(i => $"{i.GetType().Name[..^2]} {i.Name} {i.Unit}").Order()];
        Assert.Equal(
        [
            "Counter kvcache.copy_on_write.copies {block}",
            "Counter kvcache.deduplications {block}",
            "Counter kvcache.evictions {block}",
            "Counter kvcache.prefix.hits {token}",
            "Counter kvcache.prefix.queries {token}",
            "Counter kvcache.refusals {request}",
            "Counter kvcache.resumptions {sequence}",
            "Counter kvcache.suspensions {sequence}",
            "Histogram kvcache.prefix.hit.length {token}",
            "ObservableUpDownCounter kvcache.blocks {block}",
            "ObservableUpDownCounter kvcache.memory.usage By",
            "ObservableUpDownCounter kvcache.sequences {sequence}",
        ], instruments);
        Assert.All(_meters.Instruments, instrument => Assert.Equal("KvCache", instrument.Meter.Name));
        Assert.All(_meters.Instruments, instrument => Assert.NotEmpty(instrument.Description!));
    }

    [Fact]
    public void A_scripted_run_is_counted()
    {
        using Stage stage = Make(blocks: 4);
        KvSequence first = stage.Prefill(Stage.Tokens(0, 20));
        Assert.Equal((20, 0), (_meters.Sum("kvcache.prefix.queries"), _meters.Sum("kvcache.prefix.hits")));
        KvSequence second = stage.Open(Stage.Tokens(0, 33), reserve: 32);
        Assert.Equal((53, 16), (_meters.Sum("kvcache.prefix.queries"), _meters.Sum("kvcache.prefix.hits")));
        Assert.Equal([0, 16], _meters.Measurements.Where(m => m.Instrument == "kvcache.prefix.hit.length").Select(m => m.Value));

        stage.Append(first, Stage.Tokens(20, 12));
        stage.Compute(second);
        Assert.Equal(1, _meters.Sum("kvcache.deduplications"));

        second.Truncate(24);
        stage.Append(second, [7]);
        Assert.Equal(1, _meters.Sum("kvcache.copy_on_write.copies"));

        first.Dispose();
        second.Dispose();
        Assert.Equal(0, _meters.Sum("kvcache.evictions"));
        _ = stage.Open(Stage.Tokens(900, 64));
        Assert.Equal(2, _meters.Sum("kvcache.evictions"));
        Assert.Equal(0, _meters.Sum("kvcache.refusals"));
    }

    [Fact]
    public void Refusals_are_counted_by_reason()
    {
        using Stage stage = Make(blocks: 4);
        KvSequence held = stage.Prefill(Stage.Tokens(0, 40));
        stage.Allocator.TryOpen(Stage.Tokens(500, 32), null, 0, out _, out _);
        stage.Allocator.TryOpen(Stage.Tokens(500, 65), null, 0, out _, out _);
        held.TryReserve(65, out _);
        held.TryAppend(Stage.Tokens(0, 100), out _);
        _ = stage.Open([1]);
        held.TryAppend(Stage.Tokens(0, 20), out _);
        Assert.True(held.TryAppend([1], out _));
        Assert.False(held.TryFork(41, out _, out _));
        Assert.Equal(
            ["out_of_device_memory", "too_long", "too_long", "too_long", "out_of_device_memory", "out_of_device_memory"],
            _meters.Measurements.Where(m => m.Instrument == "kvcache.refusals").Select(m => m.Tags["kvcache.refusal.reason"]));
        Assert.Equal(6, _meters.Sum("kvcache.refusals"));
        stage.Allocator.Probe(Stage.Tokens(500, 65), null, 0);
        Assert.Equal(6, _meters.Sum("kvcache.refusals"));
    }

    [Fact]
    public void Blocks_and_bytes_by_state_add_up_to_the_total()
    {
        using Stage stage = Make(blocks: 10);
        stage.RunAndFinish(Stage.Tokens(0, 40));
        KvSequence open = stage.Prefill(Stage.Tokens(500, 20));
        KvSequence other = stage.Open(Stage.Tokens(700, 20));
        using KvStep step = stage.Allocator.BeginStep([new KvRow(open, 0)]);
        other.Dispose();

        Dictionary<string, long> blocks = _meters.Observe("kvcache.blocks");
        Assert.Equal(4, blocks.Count);
        Assert.Equal((2, 2, 2, 4), (blocks["cached"], blocks["owned"], blocks["in_transfer"], blocks["free"]));
        Assert.Equal(blocks.ToDictionary(state => state.Key, state => state.Value * 256), _meters.Observe("kvcache.memory.usage"));
        Assert.Equal(1, Assert.Single(_meters.Observe("kvcache.sequences")).Value);
        Assert.All(_meters.Measurements, m => Assert.Equal("tests", m.Tags["kvcache.allocator"]));
        step.Dispose();
    }

    [Fact]
    public void Nothing_but_the_documented_tags_is_ever_attached()
    {
        using Stage stage = Make(blocks: 4);
        stage.RunAndFinish(Stage.Tokens(0, 20), new KvNamespace(Salt: "secret"));
        stage.Allocator.TryOpen(Stage.Tokens(0, 100), null, 0, out _, out _);
        HashSet<string> allowed = ["kvcache.allocator", "kvcache.block.state", "kvcache.refusal.reason"];
        Assert.All(_meters.Measurements, m => Assert.Subset(allowed, m.Tags.Keys.ToHashSet()));
    }

    [Fact]
    public void Without_a_factory_the_meter_is_the_allocators_own_and_goes_with_it()
    {
        List<Instrument> published = [];
        List<string> reported = [];
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == KvCacheTelemetry.MeterName && Marker.Value)
            {
                published.Add(instrument);
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, _, _, _) => reported.Add(instrument.Name));
        listener.SetMeasurementEventCallback<int>((instrument, _, _, _) => reported.Add(instrument.Name));
        listener.Start();
        Marker.Value = true;
        Stage stage = new(blocks: 4);
        Marker.Value = false;
        Assert.Equal(12, published.Count);
        listener.RecordObservableInstruments();
        Assert.Equal(9, reported.Count);

        stage.Dispose();
        reported.Clear();
        listener.RecordObservableInstruments();
        Assert.Empty(reported);
    }

    private Stage Make(int blocks) => new(new PagedKvAllocatorOptions
    {
        Geometry = Stage.Geometry,
        BlockCount = blocks,
        MeterFactory = _meters,
        Name = "tests",
    });
}
