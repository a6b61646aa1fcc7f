using System.Numerics;

namespace KvCache.Serving.Scheduling.Objectives;

/// <summary>Learns how long answers are from those that ended, and predicts from those that were longer than an answer is already.</summary>
/// <remarks>
/// <para>Buckets are eight to a doubling: a length is known within an eighth. The edges are a lower and an upper quantile of what is left once shorter
/// answers are out of question. Old answers fade: all counts are halved whenever the newest few thousand have come in.</para>
/// <para>Until an answer as long has been seen, the edges are one token more and <see cref="ServingRequest.MaxTokens"/>. O(buckets), of which there are 256.</para>
/// </remarks>
public sealed class HistogramOutputLengths : IOutputLengthPredictor
{
    private const int BucketBits = 3;
    private const int Buckets = 32 << BucketBits;
    private readonly int[] _counts = new int[Buckets];
    private readonly double _lower;
    private readonly double _upper;
    private readonly int _memory;
    private int _total;

    /// <summary>Makes a predictor.</summary>
    /// <param name="lower">The quantile of the lower edge, 0 … 1.</param>
    /// <param name="upper">The quantile of the upper edge; at least <paramref name="lower"/>, at most 1.</param>
    /// <param name="memory">Counts are halved when so many answers are counted; at least 2.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public HistogramOutputLengths(double lower = 0.1, double upper = 0.9, int memory = 4096)
    {
        if (!(lower >= 0 && lower <= upper && upper <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(lower), lower, $"The quantiles are {lower} and {upper}; expected 0 ≤ lower ≤ upper ≤ 1.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(memory, 2);
        _lower = lower;
        _upper = upper;
        _memory = memory;
    }

    /// <inheritdoc/>
    public OutputLengthRange Predict(ServingRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        int first = BucketOf(request.OutputLength + 1);
        int left = 0;
        foreach (int count in _counts.AsSpan(first))
        {
            left += count;
        }

        return left == 0
            ? new OutputLengthRange(request.OutputLength + 1, request.MaxTokens)
            : new OutputLengthRange(LeastOf(Quantile(first, left, _lower)), LeastOf(Quantile(first, left, _upper) + 1) - 1);
    }

    /// <inheritdoc/>
    public void Observe(ServingRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        _counts[BucketOf(Math.Max(1, request.OutputLength))]++;
        if (++_total >= _memory)
        {
            _total = 0;
            foreach (ref int count in _counts.AsSpan())
            {
                count /= 2;
                _total += count;
            }
        }
    }

    /// <summary>Lengths up to eight have a bucket each; from there on each doubling has eight.</summary>
    internal static int BucketOf(int length)
    {
        int exponent = Math.Max(0, BitOperations.Log2((uint)length) - BucketBits);
        return (exponent << BucketBits) + (length >> exponent);
    }

    /// <summary>The shortest length of a bucket.</summary>
    internal static int LeastOf(int bucket)
    {
        int exponent = Math.Max(0, (bucket >> BucketBits) - 1);
        long least = (long)(bucket - (exponent << BucketBits)) << exponent;
        return (int)Math.Min(int.MaxValue, least);
    }

    private int Quantile(int first, int left, double share)
    {
        int bucket = first;
        int above = _counts[bucket];
        int wanted = Math.Max(1, (int)Math.Ceiling(share * left));
        while (above < wanted)
        {
            above += _counts[++bucket];
        }

        return bucket;
    }
}
