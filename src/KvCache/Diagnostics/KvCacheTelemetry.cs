namespace KvCache.Diagnostics;

/// <summary>The names under which metrics are published, for <c>AddMeter</c> and listeners.</summary>
/// <remarks>
/// <list type="table">
/// <listheader><term>instrument</term><description>kind, unit, attributes</description></listheader>
/// <item><term>kvcache.blocks</term><description>up-down counter, {block}; <c>kvcache.block.state</c> = free, cached, owned, in_transfer</description></item>
/// <item><term>kvcache.memory.usage</term><description>up-down counter, By; <c>kvcache.block.state</c></description></item>
/// <item><term>kvcache.sequences</term><description>up-down counter, {sequence}: open ones</description></item>
/// <item><term>kvcache.prefix.queries</term><description>counter, {token}: tokens of opened prompts</description></item>
/// <item><term>kvcache.prefix.hits</term><description>counter, {token}: those found in the cache</description></item>
/// <item><term>kvcache.prefix.hit.length</term><description>histogram, {token}: found per opened prompt</description></item>
/// <item><term>kvcache.evictions</term><description>counter, {block}: cached blocks taken for something else</description></item>
/// <item><term>kvcache.refusals</term><description>counter, {request}; <c>kvcache.refusal.reason</c></description></item>
/// <item><term>kvcache.copy_on_write.copies</term><description>counter, {block}</description></item>
/// <item><term>kvcache.deduplications</term><description>counter, {block}: copies given up for an equal published block</description></item>
/// </list>
/// Every instrument carries <c>kvcache.allocator</c>, the allocator's name; nothing carries a sequence, tenant or adapter,
/// whose number has no bound.
/// </remarks>
public static class KvCacheTelemetry
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "KvCache";
}
