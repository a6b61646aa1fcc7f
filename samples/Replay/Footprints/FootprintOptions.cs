using KvCache;
using KvCache.Virtual;

namespace Replay.Footprints;

/// <summary>Whose memory is looked at, and what runs on it.</summary>
internal sealed record FootprintOptions
{
    /// <summary>Gets the cache's shape on one device.</summary>
    public required KvGeometry Geometry { get; init; }

    /// <summary>Gets the device's memory.</summary>
    public required long DeviceBytes { get; init; }

    /// <summary>Gets what weights, activations and the driver take of it.</summary>
    public required long OccupiedBytes { get; init; }

    /// <summary>Gets the share of the device's memory beyond which a pool does not reach, 0 … 1.</summary>
    public required double Utilization { get; init; }

    /// <summary>Gets the tokens of a prompt.</summary>
    public required int Context { get; init; }

    /// <summary>Gets the tokens of an answer.</summary>
    public required int Output { get; init; }

    /// <summary>Gets whether all answers are complete; if not, sequences stand in all stages of theirs.</summary>
    public required bool Complete { get; init; }

    /// <summary>Gets the longest sequence that the server takes.</summary>
    public required int Longest { get; init; }

    /// <summary>Gets how many tokens before the end of its memory a sequence's next is mapped.</summary>
    public required int Lookahead { get; init; }

    /// <summary>Gets the tokens of a block.</summary>
    public required int BlockTokens { get; init; }

    /// <summary>Gets the bytes of a chunk.</summary>
    public required long ChunkBytes { get; init; }

    /// <summary>Gets how tokens fall into chunks.</summary>
    public ChunkPlan Chunks => new(Geometry, ChunkBytes, BlockTokens);

    /// <summary>The tokens of an answer that a sequence has, of so many that run: in the middle of its stage, or all.</summary>
    public int Generated(int sequence, int batch) =>
        Complete ? Output : (int)(((2L * sequence) + 1) * Output / (2L * batch));
}
