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

    private readonly Meter? _own;
    private Func<KvUsage>? _usage;
    private readonly KeyValuePair<string, object?> _allocator;
    private readonly Counter<long> _queries;
    private readonly Counter<long> _hits;
    private readonly Histogram<int> _hitLength;
    private readonly Counter<long> _evictions;
    private readonly Counter<long> _refusals;
    private readonly Counter<long> _copies;
    private readonly Counter<long> _deduplications;
    private readonly Counter<long> _suspensions;
    private readonly Counter<long> _resumptions;

    public AllocatorMeters(string allocator, IMeterFactory? factory)
    {
        _own = factory is null ? new Meter(KvCacheTelemetry.MeterName) : null;
        Meter meter = _own ?? factory!.Create(KvCacheTelemetry.MeterName);
        _allocator = new("kvcache.allocator", allocator);
        meter.CreateObservableUpDownCounter(
            "kvcache.blocks", () => ByState(_ => 1), "{block}", "Blocks by state.");
        meter.CreateObservableUpDownCounter(
            "kvcache.memory.usage", () => ByState(present => present.BlockBytes), "By", "Memory by state of its blocks.");
        meter.CreateObservableUpDownCounter(
            "kvcache.sequences", OpenSequences, "{sequence}", "Open sequences.");
        _queries = meter.CreateCounter<long>("kvcache.prefix.queries", "{token}", "Tokens of opened prompts.");
        _hits = meter.CreateCounter<long>("kvcache.prefix.hits", "{token}", "Tokens of opened prompts found in the cache.");
        _hitLength = meter.CreateHistogram<int>("kvcache.prefix.hit.length", "{token}", "Tokens found in the cache per opened prompt.");
        _evictions = meter.CreateCounter<long>("kvcache.evictions", "{block}", "Cached blocks taken for something else.");
        _refusals = meter.CreateCounter<long>("kvcache.refusals", "{request}", "Requests for memory refused.");
        _copies = meter.CreateCounter<long>("kvcache.copy_on_write.copies", "{block}", "Shared blocks copied before a write.");
        _deduplications = meter.CreateCounter<long>("kvcache.deduplications", "{block}", "Copies given up for an equal published block.");
        _suspensions = meter.CreateCounter<long>("kvcache.suspensions", "{sequence}", "Sequences moved to the host.");
        _resumptions = meter.CreateCounter<long>("kvcache.resumptions", "{sequence}", "Sequences brought back from the host.");
    }

    /// <summary>Begins to publish usage; until then listeners find nothing.</summary>
    public void Observe(Func<KvUsage> usage) => _usage = usage;

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

    public void Suspended()
    {
        if (_suspensions.Enabled)
        {
            _suspensions.Add(1, _allocator);
        }
    }

    public void Resumed()
    {
        if (_resumptions.Enabled)
        {
            _resumptions.Add(1, _allocator);
        }
    }

    /// <summary>Stops publishing. A factory's meter is the factory's, so the observers fall silent by themselves.</summary>
    public void Dispose()
    {
        _usage = null;
        _own?.Dispose();
    }

    private IEnumerable<Measurement<int>> OpenSequences() =>
        _usage?.Invoke() is { } present ? [new Measurement<int>(present.OpenSequences, _allocator)] : [];

    private IEnumerable<Measurement<long>> ByState(Func<KvUsage, long> unit) => _usage?.Invoke() is { } present
        ?
        [
            Measure("free", present.FreeBlocks * unit(present)),
            Measure("cached", present.CachedBlocks * unit(present)),
            Measure("owned", present.OwnedBlocks * unit(present)),
            Measure("in_transfer", present.InTransferBlocks * unit(present)),
        ]
        : [];

    private Measurement<long> Measure(string state, long value) =>
        new(value, _allocator, new KeyValuePair<string, object?>("kvcache.block.state", state));
}
