using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using KvCache.Paged;
using KvCache.Tests.Scenarios;
using Xunit;

namespace KvCache.Tests.Diagnostics;

public class DisposedMetricsTests
{
    /// <summary>A factory's meter outlives the allocator, as it does under dependency injection.</summary>
    [Fact]
    public void A_disposed_allocator_publishes_nothing_although_its_meter_lives_on()
    {
        using MeterRecorder meters = new();
        Stage stage = new(new PagedKvAllocatorOptions
        {
            Geometry = Stage.Geometry,
            BlockCount = 4,
            MeterFactory = new Undying(meters),
        });
        Assert.NotEmpty(meters.Observe("kvcache.blocks"));
        stage.Dispose();
        Assert.Empty(meters.Observe("kvcache.blocks"));
        Assert.Empty(meters.Measurements);
    }

    /// <summary>Wraps meters as the default factory does: disposing one does nothing.</summary>
    private sealed class Undying(MeterRecorder inner) : IMeterFactory
    {
        public Meter Create(MeterOptions options) =>
            inner.Register(new UndyingMeter(options));

        public void Dispose()
        {
        }

        private sealed class UndyingMeter(MeterOptions options) : Meter(options)
        {
            [SuppressMessage("Usage", "CA2215", Justification = "Its very point.")]
            protected override void Dispose(bool disposing)
            {
            }
        }
    }
}
