namespace KvCache.Benchmarks.Workloads;

/// <summary>The numbers that every contestant of a shape computes with: drawn once, the same for all of them.</summary>
internal sealed class AttentionData : IDisposable
{
    private const int Seed = 1;

    // Every row of every layer begins elsewhere in the same noise; a prime keeps heads and tokens from falling on each other.
    private const int Shift = 4099;
    private readonly AttentionShape _shape;
    private readonly float[] _noise;

    public AttentionData(AttentionShape shape)
    {
        _shape = shape;
        int starts = 2 * shape.Rows * shape.Layers(KvElementType.Float16);
        _noise = Draw((shape.Cached * shape.KvWidth) + (starts * Shift), 1);
        NewKeys = HostBuffer.Of<float>(Draw(shape.Tokens * shape.KvWidth, 1));
        NewValues = HostBuffer.Of<float>(Draw(shape.Tokens * shape.KvWidth, 1));

        // Four times larger, so that softmax prefers some positions and a wrong one is seen in the result.
        Queries = HostBuffer.Of<float>(Draw(shape.Tokens * shape.QueryWidth, 4));
    }

    /// <summary>[rows × new tokens][KV heads][dim], the same for every layer.</summary>
    public HostBuffer NewKeys { get; }

    /// <summary>As <see cref="NewKeys"/>.</summary>
    public HostBuffer NewValues { get; }

    /// <summary>[rows × new tokens][query heads][dim], the same for every layer.</summary>
    public HostBuffer Queries { get; }

    /// <summary>[cached][KV heads][dim] of a row.</summary>
    public ReadOnlySpan<float> CachedKeys(int layer, int row) => Cached((layer * _shape.Rows) + row, 0);

    /// <summary>As <see cref="CachedKeys"/>.</summary>
    public ReadOnlySpan<float> CachedValues(int layer, int row) => Cached((layer * _shape.Rows) + row, 1);

    public void Dispose()
    {
        NewKeys.Dispose();
        NewValues.Dispose();
        Queries.Dispose();
    }

    private ReadOnlySpan<float> Cached(int part, int half) =>
        _noise.AsSpan(((2 * part) + half) * Shift, _shape.Cached * _shape.KvWidth);

    private static float[] Draw(int count, float bound)
    {
        Random random = new(Seed + count);
        float[] numbers = new float[count];
        foreach (ref float number in numbers.AsSpan())
        {
            number = ((random.NextSingle() * 2) - 1) * bound;
        }

        return numbers;
    }
}
