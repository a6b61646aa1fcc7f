namespace KvCache.Gpu.Attention;

/// <summary>What a step's rows ask for, taken together.</summary>
/// <param name="DecodedRows">Rows with one new token.</param>
/// <param name="LongestDecoded">The length of the longest of them.</param>
/// <param name="OtherTokens">New tokens of all other rows.</param>
internal readonly record struct RowSummary(int DecodedRows, int LongestDecoded, int OtherTokens)
{
    /// <summary>Looks at every row once.</summary>
    public static RowSummary Of(ReadOnlySpan<int> lengths, ReadOnlySpan<int> queryOffsets)
    {
        int decoded = 0;
        int longest = 0;
        for (int row = 0; row < lengths.Length; row++)
        {
            if (queryOffsets[row + 1] - queryOffsets[row] == 1)
            {
                decoded++;
                longest = Math.Max(longest, lengths[row]);
            }
        }

        return new RowSummary(decoded, longest, queryOffsets[^1] - decoded);
    }
}
