namespace Generate.Sampling;

/// <summary>Chooses at random among the most likely tokens that together have probability top-p (Holtzman et al., 2020).</summary>
/// <remarks>Among tokens of the same probability the one with the smaller number counts as more likely.</remarks>
internal sealed class NucleusSampler(double temperature, double topP, ulong seed) : ITokenSampler
{
    private readonly SplitMix64 _random = new(seed);
    private double[] _probabilities = [];
    private int[] _candidates = [];

    public int Sample(ReadOnlySpan<float> logits)
    {
        ComputeProbabilities(logits);
        Span<int> candidates = FindCandidates();
        candidates.Sort((left, right) => _probabilities[left] != _probabilities[right]
            ? _probabilities[right].CompareTo(_probabilities[left])
            : left.CompareTo(right));
        double nucleus = 0;
        int count = 0;
        while (count < candidates.Length && (count == 0 || nucleus < topP))
        {
            nucleus += _probabilities[candidates[count++]];
        }

        double left = _random.NextDouble() * nucleus;
        int chosen = 0;
        while (chosen < count - 1 && left >= _probabilities[candidates[chosen]])
        {
            left -= _probabilities[candidates[chosen++]];
        }

        return candidates[chosen];
    }

    private void ComputeProbabilities(ReadOnlySpan<float> logits)
    {
        if (_probabilities.Length != logits.Length)
        {
            _probabilities = new double[logits.Length];
            _candidates = new int[logits.Length];
        }

        float largest = logits[new GreedySampler().Sample(logits)];
        double sum = 0;
        for (int token = 0; token < logits.Length; token++)
        {
            _probabilities[token] = Math.Exp(((double)logits[token] - largest) / temperature);
            sum += _probabilities[token];
        }

        foreach (ref double probability in _probabilities.AsSpan())
        {
            probability /= sum;
        }
    }

    /// <summary>Leaves out tokens so unlikely that all those before them in the order have top-p already.</summary>
    private Span<int> FindCandidates()
    {
        double least = (1 - topP) / Math.Max(1, _probabilities.Length - 1);
        int count = 0;
        for (int token = 0; token < _probabilities.Length; token++)
        {
            if (_probabilities[token] >= least)
            {
                _candidates[count++] = token;
            }
        }

        return _candidates.AsSpan(0, count);
    }
}
