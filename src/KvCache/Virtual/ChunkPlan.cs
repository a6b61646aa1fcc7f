using System.Numerics;

namespace KvCache.Virtual;

/// <summary>How a geometry's tokens fall into chunks of memory, and what chunks waste. Arithmetic only; immutable.</summary>
/// <remarks>
/// <para>Memory is taken in <em>groups</em>: the chunks, in all layers, of the keys and of the values of the same
/// <see cref="GroupTokens"/> positions. A group is the smallest number of tokens that fills whole chunks with keys and with values
/// and is a multiple of the block; so a group may hold several chunks per layer. A layer has one range of addresses for its keys and one for
/// its values, or one for both (<see cref="TokenLayout"/>).</para>
/// <para>Source: Xu et al., "vTensor: Flexible Virtual Tensor Management for Efficient LLM Serving", arXiv 2407.15309, section 4.</para>
/// </remarks>
public sealed class ChunkPlan
{
    /// <summary>Plans.</summary>
    /// <param name="geometry">The shape of the cache.</param>
    /// <param name="chunkBytes">Bytes of a chunk; a power of two.</param>
    /// <param name="blockTokens">Tokens of a block, of which a group is a multiple; at least 1.</param>
    /// <param name="layout">How keys and values lie.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="chunkBytes"/> is no power of two, <paramref name="blockTokens"/> is below 1, <paramref name="layout"/> is none, or a group has 2³¹ tokens or more.
    /// </exception>
    public ChunkPlan(KvGeometry geometry, long chunkBytes, int blockTokens = 1, TokenLayout layout = TokenLayout.Separate)
    {
        ArgumentNullException.ThrowIfNull(geometry);
        if (chunkBytes < 1 || !BitOperations.IsPow2(chunkBytes))
        {
            throw new ArgumentOutOfRangeException(nameof(chunkBytes), chunkBytes, $"chunkBytes is {chunkBytes}; expected a power of two.");
        }

        Throw.IfLessThan(blockTokens, 1, nameof(blockTokens), nameof(blockTokens));
        if (!Enum.IsDefined(layout))
        {
            throw new ArgumentOutOfRangeException(nameof(layout), layout, $"layout is {layout}; expected Separate or Interleaved.");
        }

        KvLayerGroup shape = geometry.GroupOf(0);
        long[] rangeBytes = layout == TokenLayout.Interleaved
            ? [checked(shape.KeyBytesPerToken + shape.ValueBytesPerToken)]
            : [shape.KeyBytesPerToken, shape.ValueBytesPerToken];
        BigInteger tokens = blockTokens;
        foreach (long bytes in rangeBytes)
        {
            tokens = LeastCommonMultiple(tokens, WholeChunkTokens(bytes, chunkBytes));
        }

        if (tokens > int.MaxValue)
        {
            throw new ArgumentOutOfRangeException(
                nameof(chunkBytes),
                chunkBytes,
                $"Whole chunks of {chunkBytes} bytes and blocks of {blockTokens} tokens meet only every {tokens} tokens ({geometry}); expected less than 2³¹.");
        }

        Geometry = geometry;
        Layout = layout;
        ChunkBytes = chunkBytes;
        GroupTokens = (int)tokens;
        Ranges = [.. rangeBytes.Select(bytes => new LayerRange(bytes, checked((int)(GroupTokens * bytes / chunkBytes))))];
        ChunksPerGroup = checked(geometry.LayerCount * Ranges.Sum(static range => range.Chunks));
        GroupBytes = checked(ChunksPerGroup * chunkBytes);
    }

    /// <summary>Gets the shape of the cache.</summary>
    public KvGeometry Geometry { get; }

    /// <summary>Gets how keys and values lie.</summary>
    public TokenLayout Layout { get; }

    /// <summary>Gets the bytes of a chunk.</summary>
    public long ChunkBytes { get; }

    /// <summary>Gets the tokens that one chunk holds of one layer's keys (interleaved: of its keys and values), rounded down.</summary>
    public long ChunkTokens => ChunkBytes / Ranges[0].TokenBytes;

    /// <summary>Gets the tokens of a group: the step in which a sequence's memory grows, and the most that it wastes at its end.</summary>
    public int GroupTokens { get; }

    /// <summary>Gets the chunks that a group has for the keys of one layer (interleaved: for its keys and values).</summary>
    public int KeyChunks => Ranges[0].Chunks;

    /// <summary>Gets the chunks that a group has for the values of one layer alone (interleaved: none).</summary>
    public int ValueChunks => Layout == TokenLayout.Interleaved ? 0 : Ranges[1].Chunks;

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

    /// <summary>Gets what ranges of addresses a layer has: of its keys and of its values, or of both together.</summary>
    internal IReadOnlyList<LayerRange> Ranges { get; }

    /// <inheritdoc/>
    public override string ToString() =>
        $"chunks of {ChunkBytes} bytes: groups of {GroupTokens} tokens, {ChunksPerGroup} chunks, {GroupBytes} bytes ({Geometry})";

    private static BigInteger WholeChunkTokens(long tokenBytes, long chunkBytes) =>
        chunkBytes / BigInteger.GreatestCommonDivisor(chunkBytes, tokenBytes);

    private static BigInteger LeastCommonMultiple(BigInteger left, BigInteger right) =>
        left / BigInteger.GreatestCommonDivisor(left, right) * right;

    /// <summary>One of a layer's ranges.</summary>
    /// <param name="TokenBytes">The bytes of a token in it.</param>
    /// <param name="Chunks">The chunks of a group in it.</param>
    internal readonly record struct LayerRange(long TokenBytes, int Chunks);
}
