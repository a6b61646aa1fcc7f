namespace Replay.Prefixes;

/// <summary>What a prefix replay found, in the order and under the names in which it is written as JSON.</summary>
/// <param name="Requests">Requests in the trace.</param>
/// <param name="Refused">Requests that do not fit the pool; they hit nothing.</param>
/// <param name="InputTokens">Prompt tokens of all requests.</param>
/// <param name="HitTokens">Those found in the cache.</param>
/// <param name="HitRate">Their share, 0 … 1.</param>
/// <param name="Evictions">Cached blocks taken for something else.</param>
/// <param name="Deduplications">Blocks given up for an equal one.</param>
/// <param name="DistinctBlocks">Different block ids in the trace.</param>
/// <param name="ManagerMilliseconds">Time inside the manager, without reading the trace and making tokens; the median run's.</param>
/// <param name="ManagerMillisecondsOfRuns">The same for every run, the first of the process first.</param>
/// <param name="BlockTokens">Tokens in a block.</param>
/// <param name="TraceBlockTokens">Tokens that one block id of the trace stands for.</param>
/// <param name="Capacity">Blocks in the pool.</param>
/// <param name="Policy">The eviction policy.</param>
/// <param name="Deduplicate">Whether equal blocks are kept once.</param>
/// <param name="Allocator">The manager.</param>
internal sealed record PrefixSummary(
    long Requests,
    long Refused,
    long InputTokens,
    long HitTokens,
    double HitRate,
    long Evictions,
    long Deduplications,
    int DistinctBlocks,
    double ManagerMilliseconds,
    IReadOnlyList<double> ManagerMillisecondsOfRuns,
    int BlockTokens,
    int TraceBlockTokens,
    int Capacity,
    string Policy,
    bool Deduplicate,
    string Allocator);
