namespace KvCache.Serving.CostModels.Tables;

/// <summary>The sizes at which attention was measured; the context of what is not there is 0.</summary>
internal readonly record struct AttentionPoint(int Chunk, int ChunkContext, int DecodeRows, int DecodeContext)
{
    public bool IsPrefill => Chunk > 0 && DecodeRows == 0;

    public bool IsDecode => Chunk == 0 && DecodeRows > 0;

    public bool IsMixed => Chunk > 0 && DecodeRows > 0;

    public static AttentionPoint Of(int chunk, int chunkContext, int decodeRows, int decodeContext) =>
        new(chunk, chunk > 0 ? chunkContext : 0, decodeRows, decodeRows > 0 ? decodeContext : 0);
}
