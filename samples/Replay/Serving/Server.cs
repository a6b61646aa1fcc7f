using KvCache;
using KvCache.Serving.CostModels;
using Replay.Manager;

namespace Replay.Serving;

/// <summary>What a load is served by: a model on devices, and memory for its cache.</summary>
/// <param name="Model">The transformer.</param>
/// <param name="TensorParallel">The devices that share each layer.</param>
/// <param name="Costs">How long a step takes.</param>
/// <param name="BlockTokens">Tokens in a block.</param>
/// <param name="Blocks">Blocks that can be handed out.</param>
/// <param name="ChunkBytes">Bytes of a chunk, for managers that map memory.</param>
/// <param name="MaxSequences">The most requests that run at a time.</param>
/// <param name="MaxStepTokens">The most tokens of a step.</param>
/// <param name="PrefixCaching">Whether prefixes are reused.</param>
/// <param name="Deduplicate">Whether equal blocks are kept once.</param>
internal sealed record Server(
    TransformerModel Model,
    int TensorParallel,
    ICostModel Costs,
    int BlockTokens,
    int Blocks,
    long ChunkBytes,
    int MaxSequences,
    int MaxStepTokens,
    bool PrefixCaching,
    bool Deduplicate)
{
    /// <summary>Gets the cache's shape on one of the devices.</summary>
    public KvGeometry Geometry { get; } = Model.Geometry(TensorParallel);

    /// <summary>Gets the bytes of the blocks, on each device.</summary>
    public long MemoryBytes => checked(Blocks * BlockTokens * Geometry.BytesPerToken);

    /// <summary>Gets the cache that a manager keeps for it.</summary>
    public CacheOptions Cache => new()
    {
        Geometry = Geometry,
        BlockTokens = BlockTokens,
        Blocks = Blocks,
        ChunkBytes = ChunkBytes,
        MaxSequences = MaxSequences,
        PrefixCaching = PrefixCaching,
        Deduplicate = Deduplicate,
    };
}
