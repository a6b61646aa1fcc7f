using System.Diagnostics.Metrics;
using KvCache.Diagnostics;

namespace KvCache.Tests.Diagnostics;

/// <summary>A listener that hears only the meters of one factory, so that tests beside it stay out.</summary>
internal sealed class MeterRecorder : IMeterFactory
{
    private readonly MeterListener _listener = new();
    private readonly List<Meter> _meters = [];

    public MeterRecorder()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (_meters.Contains(instrument.Meter))
            {
                Instruments.Add(instrument);
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Record(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Record(instrument, value, tags));
        _listener.Start();
    }

    public List<Instrument> Instruments { get; } = [];

    public List<Measurement> Measurements { get; } = [];

    public Meter Create(MeterOptions options) => Register(new Meter(options));

    public Meter Register(Meter meter)
    {
        _meters.Add(meter);
        return meter;
    }

    /// <summary>Asks the observable instruments and answers what each reported, by state where there is one.</summary>
    public Dictionary<string, long> Observe(string instrument)
    {
        Measurements.Clear();
        _listener.RecordObservableInstruments();
        return Measurements.Where(m => m.Instrument == instrument)
            .ToDictionary(m => m.Tags.GetValueOrDefault("kvcache.block.state", string.Empty), m => m.Value);
    }

    public long Sum(string instrument) => Measurements.Where(m => m.Instrument == instrument).Sum(m => m.Value);

    public void Dispose()
    {
        _listener.Dispose();
        _meters.ForEach(meter => meter.Dispose());
    }

    private void Record(Instrument instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        Dictionary<string, string> named = [];
        foreach ((string name, object? tag) in tags)
        {
            named.Add(name, (string)tag!);
        }

        Measurements.Add(new Measurement(instrument.Name, value, named));
    }

    internal sealed record Measurement(string Instrument, long Value, Dictionary<string, string> Tags);
}
