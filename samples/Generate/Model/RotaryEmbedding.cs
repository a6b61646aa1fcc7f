namespace Generate.Model;

/// <summary>Tells attention where a token stands: turns pairs of a head's elements by angles that grow with the position.</summary>
internal sealed class RotaryEmbedding
{
    private readonly ITensorOperations _operations;
    private readonly RotaryPairing _pairing;
    private readonly double[] _frequencies;
    private readonly Activations _cosines;
    private readonly Activations _sines;
    private float[] _values = [];

    public RotaryEmbedding(ModelShape shape, ReadOnlySpan<float> factors, ITensorOperations operations)
    {
        _operations = operations;
        _pairing = shape.Architecture.Pairing;
        _frequencies = new double[shape.RotaryDim / 2];
        for (int pair = 0; pair < _frequencies.Length; pair++)
        {
            double factor = factors.IsEmpty ? 1 : factors[pair];
            _frequencies[pair] = Math.Pow(shape.RotaryBase, -2.0 * pair / shape.RotaryDim) / (factor * shape.RotaryScale);
        }

        _cosines = operations.Allocate(_frequencies.Length);
        _sines = operations.Allocate(_frequencies.Length);
    }

    /// <summary>Computes the angles of a step's positions, which all heads of all layers share.</summary>
    public void Prepare(ReadOnlySpan<int> positions)
    {
        Fill(_cosines, positions, Math.Cos);
        Fill(_sines, positions, Math.Sin);
    }

    /// <summary>Turns all heads of the step's tokens.</summary>
    public void Rotate(Activations heads, int headDim) => _operations.Rotate(heads, headDim, _cosines, _sines, _pairing);

    /// <summary>Turns one head.</summary>
    public static void Rotate(Span<float> head, ReadOnlySpan<float> cosines, ReadOnlySpan<float> sines, RotaryPairing pairing)
    {
        int pairs = cosines.Length;
        (int step, int distance) = pairing == RotaryPairing.Adjacent ? (2, 1) : (1, pairs);
        for (int pair = 0; pair < pairs; pair++)
        {
            ref float first = ref head[pair * step];
            ref float second = ref head[(pair * step) + distance];
            (first, second) = (
                (first * cosines[pair]) - (second * sines[pair]),
                (first * sines[pair]) + (second * cosines[pair]));
        }
    }

    private void Fill(Activations table, ReadOnlySpan<int> positions, Func<double, double> function)
    {
        int pairs = _frequencies.Length;
        table.Resize(positions.Length);
        if (_values.Length < table.Length)
        {
            _values = new float[table.Length];
        }

        for (int i = 0; i < table.Length; i++)
        {
            _values[i] = (float)function(positions[i / pairs] * _frequencies[i % pairs]);
        }

        _operations.Write(_values.AsSpan(0, table.Length), table);
    }
}
