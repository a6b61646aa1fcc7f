namespace KvCache.Serving.CostModels.Tables;

/// <summary>Where a value lies on an axis of measured sizes: between which two, and how far from the lower to the upper.</summary>
/// <param name="Lower">Index of one size.</param>
/// <param name="Upper">Index of the other.</param>
/// <param name="Weight">0 at the lower, 1 at the upper, more than 1 beyond the end of the axis.</param>
internal readonly record struct AxisPlace(int Lower, int Upper, double Weight)
{
    /// <summary>
    /// Finds a value's place. Below the axis it is at the first size. Beyond the axis the two sizes are the last one and the one at
    /// half of it, so that the noise between two neighbours is not what decides the slope.
    /// </summary>
    public static AxisPlace Of(int[] axis, double value)
    {
        int last = axis.Length - 1;
        if (value <= axis[0] || last == 0)
        {
            return new AxisPlace(0, 0, 0);
        }

        int upper = last;
        int lower;
        if (value > axis[last])
        {
            lower = Math.Min(FirstNotBelow(axis, axis[last] / 2.0), last - 1);
        }
        else
        {
            upper = FirstNotBelow(axis, value);
            lower = upper - 1;
        }

        return new AxisPlace(lower, upper, (value - axis[lower]) / (axis[upper] - axis[lower]));
    }

    private static int FirstNotBelow(int[] axis, double value)
    {
        int low = 0;
        int high = axis.Length - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (axis[middle] < value)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
