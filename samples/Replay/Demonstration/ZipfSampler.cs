namespace Replay.Demonstration;

/// <summary>Draws ranks 0 … n − 1 whose probability falls as 1 / (rank + 1)^exponent, by search in the summed weights.</summary>
internal sealed class ZipfSampler
{
    private readonly Random _random;
    private readonly double[] _summed;

    public ZipfSampler(Random random, int count, double exponent)
    {
        _random = random;
        _summed = new double[count];
        double sum = 0;
        for (int rank = 0; rank < count; rank++)
        {
            sum += Math.Pow(rank + 1, -exponent);
            _summed[rank] = sum;
        }
    }

    public int Next()
    {
        int index = Array.BinarySearch(_summed, _random.NextDouble() * _summed[^1]);
        return Math.Min(index < 0 ? ~index : index + 1, _summed.Length - 1);
    }
}
