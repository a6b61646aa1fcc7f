namespace KvCache.Serving.Scheduling.Objectives;

/// <summary>Stands in for a model that sorts answers into buckets of lengths, and sometimes into a neighbouring one.</summary>
/// <remarks>
/// <para>A request keeps its bucket from its first prediction to its end; which requests get a wrong one depends on the seed and on
/// their place among the requests of their scheduler alone, so that runs can be repeated. Half of the wrong ones are one bucket too
/// low, half one too high; at the ends there is one neighbour only.</para>
/// <para>Source: predictors that classify by a proxy model (Qiu et al., "Efficient interactive LLM serving with proxy model-based sequence length
/// prediction", arXiv 2404.08509). O(log buckets).</para>
/// </remarks>
public sealed class BucketedOutputLengths : IOutputLengthPredictor
{
    private readonly int[] _edges;
    private readonly double _accuracy;
    private readonly int _seed;
    private readonly Func<ServingRequest, int> _length;

    /// <summary>Makes a predictor.</summary>
    /// <param name="edges">
    /// Where buckets meet, ascending and from 1 on: a bucket holds the lengths above one edge up to the next; the first begins at 1, and
    /// the last ends at a request's <see cref="ServingRequest.MaxTokens"/>.
    /// </param>
    /// <param name="accuracy">The share of requests that get the right bucket, 0 … 1.</param>
    /// <param name="seed">What decides which ones.</param>
    /// <param name="length">The length of a request's whole answer; null for <see cref="ServingRequest.MaxTokens"/>.</param>
    /// <exception cref="ArgumentException">The edges are none, below 1 or not ascending.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="accuracy"/> is out of its range.</exception>
    public BucketedOutputLengths(ReadOnlySpan<int> edges, double accuracy = 1, int seed = 0, Func<ServingRequest, int>? length = null)
    {
        _edges = edges.ToArray();
        int least = 0;
        foreach (int edge in _edges)
        {
            if (edge <= least)
            {
                throw new ArgumentException($"Edge {edge} follows {least}; expected edges from 1 on, ascending.", nameof(edges));
            }

            least = edge;
        }

        if (_edges.Length == 0)
        {
            throw new ArgumentException("There are no edges; expected at least one.", nameof(edges));
        }

        if (!(accuracy >= 0 && accuracy <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(accuracy), accuracy, $"The accuracy is {accuracy}; expected 0 … 1.");
        }

        _accuracy = accuracy;
        _seed = seed;
        _length = length ?? (static request => request.MaxTokens);
    }

    /// <inheritdoc/>
    public OutputLengthRange Predict(ServingRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        int place = Array.BinarySearch(_edges, _length(request));
        int bucket = place < 0 ? ~place : place;
        double draw = Draw(request.Number);
        if (draw >= _accuracy)
        {
            bool low = draw < _accuracy + ((1 - _accuracy) / 2);
            bucket = bucket == 0 ? 1 : bucket == _edges.Length || low ? bucket - 1 : bucket + 1;
        }

        return new OutputLengthRange(
            bucket == 0 ? 1 : _edges[bucket - 1] + 1,
            bucket == _edges.Length ? Math.Max(request.MaxTokens, _edges[^1] + 1) : _edges[bucket]);
    }

    /// <summary>0 … 1, by the finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).</summary>
    private double Draw(long number)
    {
        ulong bits = ((ulong)(uint)_seed << 32) ^ ((ulong)(number + 1) * 0x9E3779B97F4A7C15UL);
        bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9UL;
        bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EBUL;
        return ((bits ^ (bits >> 31)) >> 11) * (1.0 / (1UL << 53));
    }
}
