namespace Replay.Demonstration;

/// <summary>What one capacity gave.</summary>
/// <param name="Capacity">Blocks in the pool.</param>
/// <param name="IsUnbounded">Whether every block fits, so that nothing is ever evicted.</param>
/// <param name="HitRate">Share of the prompt tokens found in the cache when their turn was first admitted, 0 … 1.</param>
/// <param name="Evictions">Cached blocks taken for something else.</param>
/// <param name="CopyOnWriteCopies">Shared blocks copied before a write.</param>
/// <param name="Refusals">Requests for memory that were refused and tried again later.</param>
/// <param name="Waste">Share of the owned blocks' token slots that hold no token, averaged over the steps.</param>
/// <param name="NanosecondsPerBlock">Manager time by the blocks of all sequences that were closed.</param>
internal sealed record DemonstrationResult(
    int Capacity,
    bool IsUnbounded,
    double HitRate,
    long Evictions,
    long CopyOnWriteCopies,
    long Refusals,
    double Waste,
    double NanosecondsPerBlock);
