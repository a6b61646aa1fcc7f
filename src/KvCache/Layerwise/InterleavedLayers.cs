namespace KvCache.Layerwise;

/// <summary>Which layers stay, given how many: spread evenly, the last of each group, so that the copies of the others hide behind them.</summary>
/// <remarks>
/// Of x among L layers these are ⌊(j + 1) × L ÷ x⌋ − 1 for j = 0 … x − 1: of 8 layers 4 are 1, 3, 5, 7. The last layer, behind which
/// nothing hides, is always among them. Source: Xiong et al., "LayerKV", arXiv 2410.00428, the interleaved placement.
/// </remarks>
public static class InterleavedLayers
{
    /// <summary>Lists the layers that stay.</summary>
    /// <param name="layers">Layers of the model; at least 1.</param>
    /// <param name="kept">How many stay; 0 … <paramref name="layers"/>.</param>
    /// <returns>Their numbers, ascending.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of range.</exception>
    public static int[] Of(int layers, int kept)
    {
        Throw.IfLessThan(layers, 1, nameof(layers), nameof(layers));
        Throw.IfNotWithin(kept, layers);
        int[] numbers = new int[kept];
        for (int j = 0; j < kept; j++)
        {
            numbers[j] = At(layers, kept, j);
        }

        return numbers;
    }

    /// <summary>The layer that stays as number <paramref name="j"/> of <paramref name="kept"/>.</summary>
    internal static int At(int layers, int kept, int j) => (int)(((j + 1L) * layers / kept) - 1);
}
