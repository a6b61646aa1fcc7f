using System.Numerics.Tensors;
using Generate.Weights;

namespace Generate.Model;

/// <summary>Operations of the processor, on weights as they are stored.</summary>
internal sealed class HostOperations : ITensorOperations
{
    public Activations Allocate(int width) => new ActivationBuffer(width);

    public void Write(ReadOnlySpan<float> values, Activations outputs) => values.CopyTo(Values(outputs));

    public ReadOnlySpan<float> Read(Activations inputs) => Values(inputs);

    public void Gather(WeightMatrix table, ReadOnlySpan<int> rows, Activations outputs)
    {
        for (int i = 0; i < rows.Length; i++)
        {
            table.CopyRow(rows[i], Row(outputs, i));
        }
    }

    public void Gather(Activations table, ReadOnlySpan<int> rows, Activations outputs)
    {
        for (int i = 0; i < rows.Length; i++)
        {
            Row(table, rows[i]).CopyTo(Row(outputs, i));
        }
    }

    public void Multiply(WeightMatrix matrix, Activations inputs, Activations outputs) =>
        matrix.Multiply(Values(inputs), Values(outputs), inputs.Tokens);

    public void AddBias(float[] bias, Activations values)
    {
        for (int token = 0; token < values.Tokens; token++)
        {
            TensorPrimitives.Add(Row(values, token), bias, Row(values, token));
        }
    }

    public void Norm(Activations inputs, float[] scales, float epsilon, Activations outputs) =>
        RootMeanSquareNorm.Apply(Values(inputs), scales, epsilon, Values(outputs));

    public void Rotate(Activations heads, int headDim, Activations cosines, Activations sines, RotaryPairing pairing)
    {
        int perToken = heads.Width / headDim;
        Span<float> values = Values(heads);
        for (int i = 0; i < values.Length / headDim; i++)
        {
            int token = i / perToken;
            RotaryEmbedding.Rotate(values.Slice(i * headDim, headDim), Row(cosines, token), Row(sines, token), pairing);
        }
    }

    public void Gate(Activations gates, Activations ups)
    {
        Span<float> values = Values(gates);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] /= 1 + MathF.Exp(-values[i]);
        }

        TensorPrimitives.Multiply(values, Values(ups), values);
    }

    public void Add(Activations sums, Activations added) => TensorPrimitives.Add(Values(sums), Values(added), Values(sums));

    private static Span<float> Values(Activations activations) => ((ActivationBuffer)activations).Values;

    private static Span<float> Row(Activations activations, int token) =>
        Values(activations).Slice(token * activations.Width, activations.Width);
}
