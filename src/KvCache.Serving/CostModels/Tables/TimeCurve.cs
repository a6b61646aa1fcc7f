namespace KvCache.Serving.CostModels.Tables;

/// <summary>A sum of measured times over whole sizes, each worked out once.</summary>
internal sealed class TimeCurve
{
    private readonly double[] _times;
    private readonly TimeLine[] _lines;
    private readonly int[] _factors;

    public TimeCurve(IEnumerable<(TimeLine Line, int Factor)> terms)
    {
        _lines = [.. terms.Select(static term => term.Line)];
        _factors = [.. terms.Select(static term => term.Factor)];
        _times = new double[_lines.Max(static line => line.Largest) + 1];
        for (int size = 1; size < _times.Length; size++)
        {
            _times[size] = Sum(size);
        }
    }

    /// <summary>Microseconds at a size; 0 at size 0, where nothing runs.</summary>
    public double At(int size) => size < _times.Length ? _times[size] : Sum(size);

    private double Sum(int size)
    {
        double sum = 0;
        for (int i = 0; i < _lines.Length; i++)
        {
            sum += _factors[i] * _lines[i].At(size);
        }

        return sum;
    }
}
