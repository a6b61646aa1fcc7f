using System.Numerics;

namespace KvCache.Virtual;

/// <summary>How a geometry's tokens fall into chunks of memory, and what chunks waste. Arithmetic only; immutable.</summary>
/// <remarks>
/// <para>Memory is taken in <em>groups</em>: the chunks, in all layers, of the keys and of the values of the same
/// <see cref="GroupTokens"/> positions. A group is the smallest number of tokens that fills whole chunks with keys and with values
/// and is a multiple of the block; so a group may hold several chunks per layer.</para>
/// <para>Source: Xu et al., "vTensor: Flexible Virtual Tensor Management for Efficient LLM Serving", arXiv 2407.15309, section 4.</para>
/// </remarks>
public sealed class ChunkPlan
{
    /// <summary>Plans.</summary>
    /// <param name="geometry">The shape of the cache.</param>
    /// <param name="chunkBytes">Bytes of a chunk; a power of two.</param>
    /// <param name="blockTokens">Tokens of a block, of which a group is a multiple; at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="chunkBytes"/> is no power of two, <paramref name="blockTokens"/> is below 1, or a group has 2³¹ tokens or more.
    /// </exception>
    public ChunkPlan(KvGeometry geometry, long chunkBytes, int blockTokens = 1)
    {
        ArgumentNullException.ThrowIfNull(geometry);
        if (chunkBytes < 1 || !BitOperations.IsPow2(chunkBytes))
        {
            throw new ArgumentOutOfRangeException(nameof(chunkBytes), chunkBytes, $"chunkBytes is {chunkBytes}; expected a power of two.");
        }

        Throw.IfLessThan(blockTokens, 1, nameof(blockTokens), nameof(blockTokens));
        KvLayerGroup shape = geometry.GroupOf(0);
        BigInteger tokens = LeastCommonMultiple(
            blockTokens,
            LeastCommonMultiple(WholeChunkTokens(shape.KeyBytesPerToken, chunkBytes), WholeChunkTokens(shape.ValueBytesPerToken, chunkBytes)));
        if (tokens > int.MaxValue)
        {
            throw new ArgumentOutOfRangeException(
                nameof(chunkBytes),
                chunkBytes,
                $"Whole chunks of {chunkBytes} bytes and blocks of {blockTokens} tokens meet only every {tokens} tokens ({geometry}); expected less than 2³¹.");
        }

        Geometry = geometry;
        ChunkBytes = chunkBytes;
        GroupTokens = (int)tokens;
        KeyChunks = checked((int)(GroupTokens * shape.KeyBytesPerToken / chunkBytes));
        ValueChunks = checked((int)(GroupTokens * shape.ValueBytesPerToken / chunkBytes));
        ChunksPerGroup = checked(geometry.LayerCount * (KeyChunks + ValueChunks));
        GroupBytes = checked(ChunksPerGroup * chunkBytes);
    }

    /// <summary>Gets the shape of the cache.</summary>
    public KvGeometry Geometry { get; }

    /// <summary>Gets the bytes of a chunk.</summary>
    public long ChunkBytes { get; }

    /// <summary>Gets the tokens that one chunk holds of one layer's keys, rounded down.</summary>
    public long ChunkTokens => ChunkBytes / Geometry.GroupOf(0).KeyBytesPerToken;

    /// <summary>Gets the tokens of a group: the step in which a sequence's memory grows, and the most that it wastes at its end.</summary>
    public int GroupTokens { get; }

    /// <summary>Gets the chunks that a group has for the keys of one layer.</summary>
    public int KeyChunks { get; }

    /// <summary>Gets the chunks that a group has for the values of one layer.</summary>
    public int ValueChunks { get; }

    /// <summary>Gets the chunks of a group over all layers.</summary>
    public int ChunksPerGroup { get; }

    /// <summary>Gets the bytes of a group: the least that a sequence with one token takes.</summary>
    public long GroupBytes { get; }

    /// <summary>Answers the bytes that so many tokens of one sequence take, in whole groups.</summary>
    /// <param name="tokens">How many; at least 0.</param>
    /// <returns>The bytes.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="tokens"/> is negative.</exception>
    public long FootprintBytes(int tokens)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        return checked(((long)tokens + GroupTokens - 1) / GroupTokens * GroupBytes);
    }

    /// <summary>Answers how many of <see cref="FootprintBytes"/> hold no token: what a cache without chunks would not take.</summary>
    /// <param name="tokens">How many; at least 0.</param>
    /// <returns>The bytes.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="tokens"/> is negative.</exception>
    public long WasteBytes(int tokens) => FootprintBytes(tokens) - checked(tokens * Geometry.BytesPerToken);

    /// <summary>Gets the bytes that a sequence of random length wastes on average: half a group.</summary>
    public long AverageWasteBytes => GroupBytes / 2;

    /// <inheritdoc/>
    public override string ToString() =>
        $"chunks of {ChunkBytes} bytes: groups of {GroupTokens} tokens, {ChunksPerGroup} chunks, {GroupBytes} bytes ({Geometry})";

    private static BigInteger WholeChunkTokens(long tokenBytes, long chunkBytes) =>
        chunkBytes / BigInteger.GreatestCommonDivisor(chunkBytes, tokenBytes);

    private static BigInteger LeastCommonMultiple(BigInteger left, BigInteger right) =>
        left / BigInteger.GreatestCommonDivisor(left, right) * right;
}
