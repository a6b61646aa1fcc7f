namespace KvCache.Serving.CostModels;

/// <summary>What one forward pass computes: its rows, and their sums.</summary>
public readonly ref struct StepWork
{
    /// <summary>Describes a step. Costs O(rows).</summary>
    /// <param name="rows">One row per request of the step.</param>
    public StepWork(ReadOnlySpan<RowWork> rows)
    {
        Rows = rows;
        foreach (RowWork row in rows)
        {
            Tokens += row.Tokens;
            DecodeRows += row.IsDecode ? 1 : 0;
            SampledRows += row.Samples ? 1 : 0;
        }
    }

    /// <summary>Gets the rows.</summary>
    public ReadOnlySpan<RowWork> Rows { get; }

    /// <summary>Gets the positions that the step computes.</summary>
    public int Tokens { get; }

    /// <summary>Gets how many rows continue an answer, one token each.</summary>
    public int DecodeRows { get; }

    /// <summary>Gets the positions that the step computes in other rows than those.</summary>
    public int PrefillTokens => Tokens - DecodeRows;

    /// <summary>Gets how many rows yield a token.</summary>
    public int SampledRows { get; }
}
