namespace KvCache.Steps;

/// <summary>How tokens lie in a page: [token][head][dim], keys and values apart. Strides in bytes.</summary>
/// <remarks>Token-major, because a kernel that streams whole rows reads it fastest and appending a token is one copy.</remarks>
internal sealed class PageLayout(KvLayerGroup shape, int tokensPerPage, long keyTokenStride, long valueTokenStride)
{
    public PageLayout(KvLayerGroup shape, int tokensPerPage)
        : this(shape, tokensPerPage, shape.KeyBytesPerToken, shape.ValueBytesPerToken)
    {
    }

    public KvLayerGroup Shape { get; } = shape;

    public int TokensPerPage { get; } = tokensPerPage;

    public long KeyHeadStride { get; } = (long)shape.KeyDim * shape.ElementBytes;

    public long KeyTokenStride { get; } = keyTokenStride;

    public long KeyPageStride { get; } = checked(keyTokenStride * tokensPerPage);

    public long ValueHeadStride { get; } = (long)shape.ValueDim * shape.ElementBytes;

    public long ValueTokenStride { get; } = valueTokenStride;

    public long ValuePageStride { get; } = checked(valueTokenStride * tokensPerPage);
}
