namespace KvCache.Serving.CostModels.Tables;

/// <summary>Times measured on a grid, interpolated multilinearly. Microseconds.</summary>
internal sealed class TimeGrid
{
    private const int MostAxes = 4;
    private readonly int[][] _axes;
    private readonly int[] _strides;
    private readonly double[] _times;

    /// <summary>Makes a grid without times.</summary>
    /// <param name="axes">Up to four axes of ascending sizes.</param>
    public TimeGrid(params int[][] axes)
    {
        _axes = axes;
        _strides = new int[axes.Length];
        int points = 1;
        for (int i = axes.Length - 1; i >= 0; i--)
        {
            _strides[i] = points;
            points = checked(points * axes[i].Length);
        }

        _times = new double[points];
        Array.Fill(_times, double.NaN);
    }

    public IReadOnlyList<int[]> Axes => _axes;

    public int Count => _times.Length;

    public ref double this[int index] => ref _times[index];

    /// <summary>The place of a point of the grid.</summary>
    public int IndexOf(params ReadOnlySpan<int> point)
    {
        int index = 0;
        for (int i = 0; i < point.Length; i++)
        {
            index += Array.BinarySearch(_axes[i], point[i]) * _strides[i];
        }

        return index;
    }

    /// <summary>The size that a point of the grid has on an axis.</summary>
    public int SizeAt(int index, int axis) => _axes[axis][index / _strides[axis] % _axes[axis].Length];

    /// <summary>Whether no value is beyond its axis.</summary>
    public bool Reaches(params ReadOnlySpan<double> point)
    {
        for (int i = 0; i < point.Length; i++)
        {
            if (_axes[i].Length == 0 || point[i] > _axes[i][^1])
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// The time at a point. Where a value is below its axis, it is taken to be at the axis' beginning; beyond the axis the time
    /// grows on as it did over the upper half, and never shrinks.
    /// </summary>
    public double At(params ReadOnlySpan<double> point)
    {
        double time = Interpolate(point, clamp: false);
        return Reaches(point) ? time : Math.Max(time, Interpolate(point, clamp: true));
    }

    private double Interpolate(ReadOnlySpan<double> point, bool clamp)
    {
        Span<AxisPlace> places = stackalloc AxisPlace[MostAxes];
        for (int i = 0; i < point.Length; i++)
        {
            places[i] = AxisPlace.Of(_axes[i], clamp ? Math.Min(point[i], _axes[i][^1]) : point[i]);
        }

        double time = 0;
        for (int corner = 0; corner < 1 << point.Length; corner++)
        {
            double weight = 1;
            int index = 0;
            for (int i = 0; i < point.Length; i++)
            {
                bool isUpper = (corner >> i & 1) != 0;
                weight *= isUpper ? places[i].Weight : 1 - places[i].Weight;
                index += (isUpper ? places[i].Upper : places[i].Lower) * _strides[i];
            }

            time += weight == 0 ? 0 : weight * _times[index];
        }

        return time;
    }
}
