using System.Buffers;
using CommunityToolkit.HighPerformance.Helpers;

namespace Generate.Weights;

/// <summary>Multiplies strips of a matrix's rows: decoded once each, then used by all tokens while they are in the cache.</summary>
internal readonly unsafe struct StripMultiplication(
    WeightMatrix matrix, int stripRows, float* inputs, float* outputs, int tokens) : IAction
{
    private const int ScratchFloats = 1 << 15;
    private const int StripsPerThread = 4;
    private readonly float* _inputs = inputs;
    private readonly float* _outputs = outputs;

    /// <summary>How many rows a strip has: as many as the scratch holds, but a few strips for each thread.</summary>
    public static int RowsOf(WeightMatrix matrix, bool parallel)
    {
        int most = parallel ? matrix.Rows / (Environment.ProcessorCount * StripsPerThread) : matrix.Rows;
        return Math.Clamp(most, 1, Math.Max(1, ScratchFloats / matrix.Columns));
    }

    public void Invoke(int i)
    {
        int first = i * stripRows;
        int count = Math.Min(stripRows, matrix.Rows - first);
        float[] rented = ArrayPool<float>.Shared.Rent(count * matrix.Columns);
        fixed (float* scratch = rented)
        {
            float* weights = matrix.Decode(first, count, scratch);
            for (int token = 0; token < tokens; token += DotProducts.Together)
            {
                int together = Math.Min(DotProducts.Together, tokens - token);
                float* input = _inputs + ((long)token * matrix.Columns);
                float* output = _outputs + ((long)token * matrix.Rows) + first;
                for (int row = 0; row < count; row++)
                {
                    DotProducts.Compute(
                        weights + ((long)row * matrix.Columns), input, matrix.Columns, output + row, matrix.Rows, together);
                }
            }
        }

        ArrayPool<float>.Shared.Return(rented);
    }
}
