namespace Generate.Model;

/// <summary>Tells attention where a token stands: turns pairs of a head's elements by angles that grow with the position.</summary>
internal sealed class RotaryEmbedding
{
    private readonly RotaryPairing _pairing;
    private readonly double[] _frequencies;
    private float[] _cosines = [];
    private float[] _sines = [];

    public RotaryEmbedding(ModelShape shape, ReadOnlySpan<float> factors)
    {
        _pairing = shape.Architecture.Pairing;
        _frequencies = new double[shape.RotaryDim / 2];
        for (int pair = 0; pair < _frequencies.Length; pair++)
        {
            double factor = factors.IsEmpty ? 1 : factors[pair];
            _frequencies[pair] = Math.Pow(shape.RotaryBase, -2.0 * pair / shape.RotaryDim) / (factor * shape.RotaryScale);
        }
    }

    /// <summary>Computes the angles of a step's positions, which all heads of all layers share.</summary>
    public void Prepare(ReadOnlySpan<int> positions)
    {
        int pairs = _frequencies.Length;
        if (_cosines.Length < positions.Length * pairs)
        {
            _cosines = new float[positions.Length * pairs];
            _sines = new float[positions.Length * pairs];
        }

        for (int token = 0; token < positions.Length; token++)
        {
            for (int pair = 0; pair < pairs; pair++)
            {
                (double sine, double cosine) = Math.SinCos(positions[token] * _frequencies[pair]);
                _sines[(token * pairs) + pair] = (float)sine;
                _cosines[(token * pairs) + pair] = (float)cosine;
            }
        }
    }

    /// <summary>Turns a head of the step's token of that index.</summary>
    public void Rotate(Span<float> head, int token)
    {
        int pairs = _frequencies.Length;
        ReadOnlySpan<float> cosines = _cosines.AsSpan(token * pairs, pairs);
        ReadOnlySpan<float> sines = _sines.AsSpan(token * pairs, pairs);
        (int step, int distance) = _pairing == RotaryPairing.Adjacent ? (2, 1) : (1, pairs);
        for (int pair = 0; pair < pairs; pair++)
        {
            ref float first = ref head[pair * step];
            ref float second = ref head[(pair * step) + distance];
            (first, second) = (
                (first * cosines[pair]) - (second * sines[pair]),
                (first * sines[pair]) + (second * cosines[pair]));
        }
    }
}
