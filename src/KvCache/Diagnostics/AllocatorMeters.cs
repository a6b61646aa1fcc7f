using System.Diagnostics.Metrics;

namespace KvCache.Diagnostics;

/// <summary>The instruments of one allocator, named and measured by OpenTelemetry conventions.</summary>
/// <remarks>Counting costs a branch while nobody listens. Observable instruments read <see cref="IKvAllocator.Usage"/> on the listener's thread.</remarks>
internal sealed class AllocatorMeters : IDisposable
{
    private static readonly KeyValuePair<string, object?>[] Reasons =
    [
        .. Enum.GetValues<KvRefusal>().Select(reason =>
            new KeyValuePair<string, object?>("kvcache.refusal.reason", reason switch
            {
                KvRefusal.OutOfDeviceMemory => "out_of_device_memory",
                KvRefusal.OutOfHostMemory => "out_of_host_memory",
                KvRefusal.TooLong => "too_long",
                KvRefusal.TransferFailed => "transfer_failed",
                _ => "none",
            })),
    ];

    private readonly Meter _meter;
    private readonly KeyValuePair<string, object?> _allocator;
    private readonly Counter<long> _queries;
    private readonly Counter<long> _hits;
    private readonly Histogram<int> _hitLength;
    private readonly Counter<long> _evictions;
    private readonly Counter<long> _refusals;
    private readonly Counter<long> _copies;
    private readonly Counter<long> _deduplications;

    public AllocatorMeters(string allocator, IMeterFactory? factory, Func<KvUsage> usage)
    {
        _meter = factory?.Create(KvCacheTelemetry.MeterName) ?? new Meter(KvCacheTelemetry.MeterName);
        _allocator = new("kvcache.allocator", allocator);
        _meter.CreateObservableUpDownCounter(
            "kvcache.blocks", () => ByState(usage(), blocks => blocks), "{block}", "Blocks by state.");
        _meter.CreateObservableUpDownCounter(
            "kvcache.memory.usage", () => ByState(usage(), blocks => blocks * usage().BlockBytes), "By", "Memory by state of its blocks.");
        _meter.CreateObservableUpDownCounter(
            "kvcache.sequences", () => new Measurement<int>(usage().OpenSequences, _allocator), "{sequence}", "Open sequences.");
        _queries = _meter.CreateCounter<long>("kvcache.prefix.queries", "{token}", "Tokens of opened prompts.");
        _hits = _meter.CreateCounter<long>("kvcache.prefix.hits", "{token}", "Tokens of opened prompts found in the cache.");
        _hitLength = _meter.CreateHistogram<int>("kvcache.prefix.hit.length", "{token}", "Tokens found in the cache per opened prompt.");
        _evictions = _meter.CreateCounter<long>("kvcache.evictions", "{block}", "Cached blocks taken for something else.");
        _refusals = _meter.CreateCounter<long>("kvcache.refusals", "{request}", "Requests for memory refused.");
        _copies = _meter.CreateCounter<long>("kvcache.copy_on_write.copies", "{block}", "Shared blocks copied before a write.");
        _deduplications = _meter.CreateCounter<long>("kvcache.deduplications", "{block}", "Copies given up for an equal published block.");
    }

    public void Opened(int promptTokens, int hitTokens)
    {
        if (_queries.Enabled)
        {
            _queries.Add(promptTokens, _allocator);
        }

        if (_hits.Enabled)
        {
            _hits.Add(hitTokens, _allocator);
        }

        if (_hitLength.Enabled)
        {
            _hitLength.Record(hitTokens, _allocator);
        }
    }

    public void Evicted(int blocks)
    {
        if (_evictions.Enabled)
        {
            _evictions.Add(blocks, _allocator);
        }
    }

    public void Refused(KvRefusal reason)
    {
        if (_refusals.Enabled)
        {
            _refusals.Add(1, _allocator, Reasons[(int)reason]);
        }
    }

    public void CopiedOnWrite()
    {
        if (_copies.Enabled)
        {
            _copies.Add(1, _allocator);
        }
    }

    public void Deduplicated()
    {
        if (_deduplications.Enabled)
        {
            _deduplications.Add(1, _allocator);
        }
    }

    public void Dispose() => _meter.Dispose();

    private IEnumerable<Measurement<long>> ByState(KvUsage usage, Func<long, long> measure) =>
    [
        Measure("free", usage.FreeBlocks, measure),
        Measure("cached", usage.CachedBlocks, measure),
        Measure("owned", usage.OwnedBlocks, measure),
        Measure("in_transfer", usage.InTransferBlocks, measure),
    ];

    private Measurement<long> Measure(string state, int blocks, Func<long, long> measure) =>
        new(measure(blocks), _allocator, new KeyValuePair<string, object?>("kvcache.block.state", state));
}
