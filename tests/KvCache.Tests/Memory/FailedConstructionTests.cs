using System.Diagnostics.Metrics;
using KvCache.Diagnostics;
using KvCache.Memory;
using KvCache.Paged;
using Xunit;

namespace KvCache.Tests.Memory;

/// <summary>An allocator that cannot be made leaves nothing behind; one that is being made can be listened to.</summary>
public sealed class FailedConstructionTests
{
    private readonly DryDevice _device = new();

    [Fact]
    public void A_policy_that_cannot_be_made_leaves_no_memory_behind()
    {
        Assert.Throws<TimeZoneNotFoundException>(() => new PagedKvAllocator(Options() with
        {
            Eviction = () => throw new TimeZoneNotFoundException(),
        }));

        Assert.Equal(0, _device.AllocatedBytes);
    }

    [Fact]
    public void No_policy_is_refused_by_name()
    {
        ArgumentException refused = Assert.Throws<ArgumentException>(
            () => new PagedKvAllocator(Options() with { Eviction = () => null! }));

        Assert.Contains("Eviction", refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, _device.AllocatedBytes);
    }

    [Fact]
    public void A_listener_that_reads_as_soon_as_it_hears_of_an_instrument_is_answered()
    {
        bool heard = false;
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == KvCacheTelemetry.MeterName)
            {
                self.EnableMeasurementEvents(instrument);
                self.RecordObservableInstruments();
                heard = true;
            }
        };
        listener.Start();

        using PagedKvAllocator allocator = new(Options());

        Assert.True(heard);
    }

    private PagedKvAllocatorOptions Options() => new()
    {
        Geometry = KvGeometry.Create(1, 1, 8),
        Device = _device,
        BlockCount = 4,
    };
}
