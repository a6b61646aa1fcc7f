namespace KvCache.Serving.CostModels.Tables;

/// <summary>Measured times over sizes, and straight lines between them. Microseconds.</summary>
internal sealed class TimeLine
{
    private readonly int[] _sizes;
    private readonly double[] _times;

    /// <param name="points">At least one; sizes ascend.</param>
    public TimeLine(IEnumerable<KeyValuePair<int, double>> points)
    {
        _sizes = [.. points.Select(static point => point.Key)];
        _times = [.. points.Select(static point => point.Value)];
    }

    public int Largest => _sizes[^1];

    /// <summary>
    /// The time at a size: below the smallest measured that of the smallest; beyond the largest, growing on as it did over the upper
    /// half of the sizes, and never shrinking.
    /// </summary>
    public double At(double size)
    {
        AxisPlace place = AxisPlace.Of(_sizes, size);
        double time = _times[place.Lower] + (place.Weight * (_times[place.Upper] - _times[place.Lower]));
        return size > Largest ? Math.Max(time, _times[^1]) : time;
    }
}
