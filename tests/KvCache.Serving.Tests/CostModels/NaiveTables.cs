namespace KvCache.Serving.Tests.CostModels;

/// <summary>Interpolation written down as plainly as possible: one axis after another, between the two nearest measured sizes.</summary>
internal static class NaiveTables
{
    /// <summary>Interpolates a function that is known on a grid.</summary>
    /// <param name="point">Where.</param>
    /// <param name="axes">The grid's sizes on each axis.</param>
    /// <param name="known">The function at sizes of the grid.</param>
    public static double Interpolate(double[] point, int[][] axes, Func<int[], double> known) => Interpolate(point, axes, known, []);

    private static double Interpolate(double[] point, int[][] axes, Func<int[], double> known, int[] chosen)
    {
        int axis = chosen.Length;
        if (axis == axes.Length)
        {
            return known(chosen);
        }

        double value = Math.Max(point[axis], axes[axis][0]);
        int below = axes[axis].Last(size => size <= value);
        double low = Interpolate(point, axes, known, [.. chosen, below]);
        if (below == value)
        {
            return low;
        }

        int above = axes[axis].First(size => size >= value);
        double high = Interpolate(point, axes, known, [.. chosen, above]);
        return low + ((value - below) / (above - below) * (high - low));
    }
}
