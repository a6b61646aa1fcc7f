using Generate.Weights;

namespace Generate.Model;

/// <summary>What a model computes with beside attention: on the processor, or where the cache lies.</summary>
/// <remarks>
/// Inputs and outputs are activations that <see cref="Allocate"/> made; outputs are sized by the caller. Calls are done in order.
/// </remarks>
internal interface ITensorOperations
{
    /// <summary>Makes activations of a width, for no tokens yet.</summary>
    Activations Allocate(int width);

    /// <summary>Fills activations.</summary>
    void Write(ReadOnlySpan<float> values, Activations outputs);

    /// <summary>The floats of activations, once everything before has been computed; good until the next call.</summary>
    ReadOnlySpan<float> Read(Activations inputs);

    /// <summary>outputs[i] = table[rows[i]].</summary>
    void Gather(WeightMatrix table, ReadOnlySpan<int> rows, Activations outputs);

    /// <inheritdoc cref="Gather(WeightMatrix, ReadOnlySpan{int}, Activations)"/>
    void Gather(Activations table, ReadOnlySpan<int> rows, Activations outputs);

    /// <summary>outputs[token] = matrix · inputs[token].</summary>
    void Multiply(WeightMatrix matrix, Activations inputs, Activations outputs);

    /// <summary>Adds a bias to every token.</summary>
    void AddBias(float[] bias, Activations values);

    /// <summary>Norms vectors as long as <paramref name="scales"/> by their root mean square; the outputs may be the inputs.</summary>
    void Norm(Activations inputs, float[] scales, float epsilon, Activations outputs);

    /// <summary>Turns pairs of every head's elements by the angles of its token.</summary>
    /// <param name="heads">[tokens][heads][head dim].</param>
    /// <param name="headDim">Elements of a head.</param>
    /// <param name="cosines">[tokens][pairs].</param>
    /// <param name="sines">[tokens][pairs].</param>
    /// <param name="pairing">Which elements are pairs.</param>
    void Rotate(Activations heads, int headDim, Activations cosines, Activations sines, RotaryPairing pairing);

    /// <summary>gates = silu(gates) · ups, element by element.</summary>
    void Gate(Activations gates, Activations ups);

    /// <summary>sums += added.</summary>
    void Add(Activations sums, Activations added);
}
