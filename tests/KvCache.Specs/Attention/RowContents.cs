namespace KvCache.Specs.Attention;

/// <summary>Keys and values of every position of a row, before they are rounded to what the cache stores, and the step's queries.</summary>
public sealed class RowContents
{
    private const int CenterRow = -1;
    private const int QueryRows = 1 << 24;

    private RowContents(AttentionCase drawn, AttentionRow row)
    {
        Keys = new float[row.Length * drawn.KvHeads * drawn.KeyDim];
        Values = new float[row.Length * drawn.KvHeads * drawn.ValueDim];
        Queries = new float[row.Computed * drawn.QueryHeads * drawn.KeyDim];
    }

    /// <summary>[position][KV head][key dim].</summary>
    public float[] Keys { get; }

    /// <summary>[position][KV head][value dim].</summary>
    public float[] Values { get; }

    /// <summary>[position of the step][query head][key dim].</summary>
    public float[] Queries { get; }

    /// <summary>The contents of all rows of a case. A position's do not depend on where the row is split or ends.</summary>
    public static RowContents[] Draw(AttentionCase drawn)
    {
        RowContents[] rows = new RowContents[drawn.Rows.Length];
        float[] centers = Centers(drawn);
        for (int row = 0; row < rows.Length; row++)
        {
            rows[row] = Draw(drawn, row, centers);
            if (drawn.Rows[row].Shared > 0)
            {
                int shared = drawn.Rows[row].Shared * drawn.KvHeads;
                rows[row - 1].Keys.AsSpan(0, shared * drawn.KeyDim).CopyTo(rows[row].Keys);
                rows[row - 1].Values.AsSpan(0, shared * drawn.ValueDim).CopyTo(rows[row].Values);
            }
        }

        return rows;
    }

    private static RowContents Draw(AttentionCase drawn, int row, float[] centers)
    {
        AttentionRow wanted = drawn.Rows[row];
        RowContents contents = new(drawn, wanted);
        double scale = drawn.Scale == 0 ? 1 / Math.Sqrt(drawn.KeyDim) : Math.Abs(drawn.Scale);

        // Of two vectors with elements evenly in ±a and ±1, the dot product has the deviation a·√dim / 3.
        float amplitude = (float)(3 * drawn.Spread / (scale * Math.Sqrt(drawn.KeyDim)));
        int keys = drawn.KvHeads * drawn.KeyDim;
        int queries = drawn.QueryHeads * drawn.KeyDim;
        for (int position = 0; position < wanted.Length; position++)
        {
            Noise noise = new(drawn.Seed, row, position);
            noise.Fill(contents.Keys.AsSpan(position * keys, keys), 1);
            for (int element = 0; element < centers.Length; element++)
            {
                contents.Values[(position * centers.Length) + element] = centers[element] + noise.NextEven();
            }
        }

        for (int i = 0; i < wanted.Computed; i++)
        {
            new Noise(drawn.Seed, QueryRows + row, wanted.Cached + i).Fill(contents.Queries.AsSpan(i * queries, queries), amplitude);
        }

        return contents;
    }

    /// <summary>What values vary around: away from zero, so that outputs do not cancel to nothing, and other for every element.</summary>
    private static float[] Centers(AttentionCase drawn)
    {
        Noise noise = new(drawn.Seed, CenterRow, 0);
        float[] centers = new float[drawn.KvHeads * drawn.ValueDim];
        foreach (ref float center in centers.AsSpan())
        {
            float offset = noise.NextEven();
            center = offset + (offset < 0 ? -0.5f : 0.5f);
        }

        return centers;
    }
}
