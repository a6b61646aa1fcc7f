using System.Diagnostics.Metrics;

namespace Replay.Manager;

/// <summary>Sums the counters that one allocator publishes: it makes that allocator's meter and listens to no other.</summary>
/// <remarks>Only the three counters below are switched on; all others cost the allocator a branch.</remarks>
internal sealed class AllocatorMetrics : IMeterFactory
{
    private readonly MeterListener _listener = new();
    private readonly Sum _evictions = new();
    private readonly Sum _copies = new();
    private readonly Sum _deduplications = new();
    private Meter? _meter;

    public AllocatorMetrics()
    {
        _listener.InstrumentPublished = Listen;
        _listener.SetMeasurementEventCallback<long>(static (_, value, _, sum) => ((Sum)sum!).Value += value);
        _listener.Start();
    }

    /// <summary>Gets how many cached blocks were taken for something else.</summary>
    public long Evictions => _evictions.Value;

    /// <summary>Gets how many shared blocks were copied before a write.</summary>
    public long CopyOnWriteCopies => _copies.Value;

    /// <summary>Gets how many blocks were given up for an equal one.</summary>
    public long Deduplications => _deduplications.Value;

    /// <inheritdoc/>
    public Meter Create(MeterOptions options)
    {
        _meter = new Meter(options);
        return _meter;
    }

    public void Dispose()
    {
        _listener.Dispose();
        _meter?.Dispose();
    }

    private void Listen(Instrument instrument, MeterListener listener)
    {
        Sum? sum = instrument.Name switch
        {
            _ when instrument.Meter != _meter => null,
            "kvcache.evictions" => _evictions,
            "kvcache.copy_on_write.copies" => _copies,
            "kvcache.deduplications" => _deduplications,
            _ => null,
        };
        if (sum is not null)
        {
            listener.EnableMeasurementEvents(instrument, sum);
        }
    }

    private sealed class Sum
    {
        public long Value { get; set; }
    }
}
