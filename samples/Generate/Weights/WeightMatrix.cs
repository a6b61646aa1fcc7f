using CommunityToolkit.HighPerformance.Helpers;
using Generate.Gguf;

namespace Generate.Weights;

/// <summary>A matrix of weights, [outputs][inputs], as it is stored.</summary>
/// <remarks>A token's outputs are the same to the last bit whatever tokens it is multiplied together with.</remarks>
internal abstract unsafe class WeightMatrix(int rows, int columns)
{
    /// <summary>Below so many multiplications other threads are not worth waking.</summary>
    private const long ParallelMultiplications = 1 << 20;

    /// <summary>Gets the number of outputs.</summary>
    public int Rows => rows;

    /// <summary>Gets the number of inputs.</summary>
    public int Columns => columns;

    /// <summary>A tensor of two dimensions, read where it lies: good as long as its file is open.</summary>
    /// <exception cref="GgufException">The tensor has other dimensions or a type that is not supported.</exception>
    public static WeightMatrix From(GgufTensor tensor) =>
        tensor.Dimensions is [long columns and <= int.MaxValue, long rows and <= int.MaxValue]
        ? WeightFormats.Create(tensor, (int)rows, (int)columns)
        : throw new GgufException($"{tensor.FileName}: {tensor} is no matrix; expected two dimensions, each below 2^31.");

    /// <summary>Computes outputs[token][row] = Σ weights[row][column] · inputs[token][column].</summary>
    public void Multiply(ReadOnlySpan<float> inputs, Span<float> outputs, int tokens)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        ThrowIfOther(inputs.Length, (long)tokens * columns, tokens, columns, nameof(inputs));
        ThrowIfOther(outputs.Length, (long)tokens * rows, tokens, rows, nameof(outputs));
        if (inputs.Overlaps(outputs))
        {
            throw new ArgumentException("Outputs lie in the memory of inputs; expected memory of their own.", nameof(outputs));
        }

        Decode(0, 0, null); // a closed file is refused here, and not by other threads
        bool parallel = (long)rows * columns * tokens >= ParallelMultiplications && Environment.ProcessorCount > 1;
        int stripRows = StripMultiplication.RowsOf(this, parallel);
        int strips = ((rows - 1) / stripRows) + 1;
        fixed (float* input = inputs)
        fixed (float* output = outputs)
        {
            StripMultiplication strip = new(this, stripRows, input, output, tokens);
            if (parallel)
            {
                ParallelHelper.For(0, strips, in strip);
                return;
            }

            for (int i = 0; i < strips && tokens > 0; i++)
            {
                strip.Invoke(i);
            }
        }
    }

    /// <summary>Writes a row as floats.</summary>
    public void CopyRow(int row, Span<float> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, rows);
        ThrowIfOther(destination.Length, columns, 1, columns, nameof(destination));
        fixed (float* copy = destination)
        {
            float* decoded = Decode(row, 1, copy);
            if (decoded != copy)
            {
                new ReadOnlySpan<float>(decoded, columns).CopyTo(destination);
            }
        }
    }

    /// <summary>Where rows lie as floats, one after the other: decoded into the scratch, or where they are stored.</summary>
    internal abstract float* Decode(int firstRow, int count, float* scratch);

    private static void ThrowIfOther(int length, long expected, int tokens, int width, string argument)
    {
        if (length != expected)
        {
            throw new ArgumentException($"{length} floats; expected {tokens} × {width} = {expected}.", argument);
        }
    }
}
