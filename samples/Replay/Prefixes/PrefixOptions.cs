namespace Replay.Prefixes;

/// <summary>What a prefix replay is asked for.</summary>
/// <param name="Trace">The trace's path.</param>
/// <param name="Manager">The manager's name.</param>
/// <param name="BlockTokens">Tokens in a block of the cache.</param>
/// <param name="TraceBlockTokens">Tokens that one block id of the trace stands for.</param>
/// <param name="Capacity">Blocks in the pool.</param>
/// <param name="GroupBlocks">Blocks whose memory is mapped together, for managers that map memory; a power of two.</param>
/// <param name="Policy">The eviction policy's name.</param>
/// <param name="Deduplicate">Whether equal blocks are kept once.</param>
/// <param name="Runs">How often the trace is replayed; the time is the median.</param>
/// <param name="RequestsOut">Where the hits of every request go, or null.</param>
/// <param name="JsonOut">Where the summary goes, or null.</param>
internal sealed record PrefixOptions(
    string Trace,
    string Manager,
    int BlockTokens,
    int TraceBlockTokens,
    int Capacity,
    int GroupBlocks,
    string Policy,
    bool Deduplicate,
    int Runs,
    string? RequestsOut,
    string? JsonOut);
