namespace KvCache.Benchmarks.Workloads;

/// <summary>What one layer's attention is asked for: the heads, the rows of the batch, what is cached and what is new in each.</summary>
/// <param name="Kind">"decode", "prefill" or "chunk": how it is called in tables.</param>
/// <param name="Rows">Sequences in the batch.</param>
/// <param name="Cached">Positions of each row that earlier steps computed.</param>
/// <param name="NewTokens">Positions of each row that the step computes.</param>
/// <param name="QueryHeads">Query heads.</param>
/// <param name="KvHeads">Key/value heads.</param>
/// <param name="HeadDim">Elements of a head.</param>
public sealed record AttentionShape(
    string Kind, int Rows, int Cached, int NewTokens, int QueryHeads = 32, int KvHeads = 8, int HeadDim = AttentionShape.UsualHeadDim)
{
    private const int UsualHeadDim = 128;

    // Eight times the last-level cache of the machine the tables are from: what one layer left behind is gone before its next turn.
    private const long WorkingSetBytes = 256L << 20;

    /// <summary>Gets the shapes with four query heads per key/value head that generate one token.</summary>
    public static AttentionShape[] Decode { get; } = [DecodeOf(1, 1024), DecodeOf(1, 4096), DecodeOf(8, 1024), DecodeOf(8, 2048)];

    /// <summary>Gets the shapes that compute prompts.</summary>
    public static AttentionShape[] Prefill { get; } = [new("prefill", 1, 0, 512), new("prefill", 1, 0, 1024), new("chunk", 1, 1024, 256)];

    /// <summary>Gets the shapes with one query head per key/value head, where reading memory is all there is to do.</summary>
    public static AttentionShape[] GroupOfOne { get; } =
        [DecodeOf(1, 4096) with { QueryHeads = 8 }, DecodeOf(8, 2048) with { QueryHeads = 8 }];

    /// <summary>Gets the shapes, one query head per key/value head, by which places of keys and values are compared: from 4 KiB of keys in a page of 16 tokens to 256 KiB.</summary>
    public static AttentionShape[] Places { get; } =
    [
        DecodeOf(8, 4096) with { QueryHeads = 8 },
        DecodeOf(1, 4096) with { QueryHeads = 8 },
        DecodeOf(4, 1024) with { QueryHeads = 32, KvHeads = 32 },
        DecodeOf(8, 4096) with { QueryHeads = 2, KvHeads = 2 },
        DecodeOf(8, 4096) with { QueryHeads = 4, KvHeads = 4, HeadDim = 64 },
        DecodeOf(8, 4096) with { QueryHeads = 1, KvHeads = 1, HeadDim = 64 },
    ];

    /// <summary>Gets all but <see cref="Places"/>.</summary>
    public static AttentionShape[] All { get; } = [.. Decode, .. GroupOfOne, .. Prefill];

    /// <summary>Gets whether each row computes one position.</summary>
    public bool IsDecode => NewTokens == 1;

    /// <summary>Gets whether every query head has a key/value head of its own.</summary>
    public bool IsGroupOfOne => QueryHeads == KvHeads;

    /// <summary>Gets the length of each row.</summary>
    public int Context => Cached + NewTokens;

    /// <summary>Gets the number of positions that the step computes.</summary>
    public int Tokens => Rows * NewTokens;

    /// <summary>Gets the elements of a token's keys, or of its values.</summary>
    public int KvWidth => KvHeads * HeadDim;

    /// <summary>Gets the elements of a token's queries.</summary>
    public int QueryWidth => QueryHeads * HeadDim;

    /// <summary>Gets the multiplications and additions of both products, with the positions that causality leaves.</summary>
    public double Operations => 4.0 * Rows * QueryWidth * NewTokens * (Cached + ((NewTokens + 1) / 2.0));

    /// <summary>Gets the bytes of a layer's keys and values.</summary>
    public long Bytes(KvElementType elementType) => 2L * Rows * Context * KvWidth * (elementType == KvElementType.Float32 ? 4 : 2);

    /// <summary>Gets how many layers, used in turn, keep one layer's bytes from being found in a processor cache.</summary>
    public int Layers(KvElementType elementType) =>
        (int)((WorkingSetBytes + Bytes(elementType) - 1) / Bytes(elementType));

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Kind} {Rows}×{(Cached > 0 && NewTokens > 1 ? $"{Cached}+{NewTokens}" : Context)}, {QueryHeads}/{KvHeads} heads{(HeadDim == UsualHeadDim ? "" : $" of {HeadDim}")}";

    private static AttentionShape DecodeOf(int rows, int context) => new("decode", rows, context - 1, 1);
}
