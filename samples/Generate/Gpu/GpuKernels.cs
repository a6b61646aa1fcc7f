using ILGPU;
using ILGPU.Algorithms;

namespace Generate.Gpu;

/// <summary>A model's kernels: each thread takes every n-th output and works on it alone, which runs anywhere and is simple.</summary>
internal static class GpuKernels
{
    private static long First => ((long)Grid.IdxX * Group.DimX) + Group.IdxX;

    private static long Threads => (long)Grid.DimX * Group.DimX;

    /// <summary>outputs[i] = table[rows[i]].</summary>
    public static void Gather(ArrayView<float> table, ArrayView<int> rows, ArrayView<float> outputs, int width)
    {
        for (long i = First; i < outputs.Length; i += Threads)
        {
            outputs[i] = table[(rows[i / width] * (long)width) + (i % width)];
        }
    }

    /// <summary>outputs[token][row] = Σ matrix[row][column] · inputs[token][column].</summary>
    public static void Multiply(ArrayView<float> matrix, ArrayView<float> inputs, ArrayView<float> outputs, int rows, int columns)
    {
        for (long i = First; i < outputs.Length; i += Threads)
        {
            long weight = i % rows * columns;
            long input = i / rows * columns;
            float even = 0;
            float odd = 0;
            int column = 0;
            for (; column + 1 < columns; column += 2)
            {
                even += matrix[weight + column] * inputs[input + column];
                odd += matrix[weight + column + 1] * inputs[input + column + 1];
            }

            if (column < columns)
            {
                even += matrix[weight + column] * inputs[input + column];
            }

            outputs[i] = even + odd;
        }
    }

    /// <summary>values[token] += bias.</summary>
    public static void AddBias(ArrayView<float> bias, ArrayView<float> values)
    {
        for (long i = First; i < values.Length; i += Threads)
        {
            values[i] += bias[i % bias.Length];
        }
    }

    /// <summary>outputs = inputs / √(mean(inputs²) + ε) · scales, for each vector as long as the scales; a thread takes a whole one.</summary>
    public static void Norm(ArrayView<float> inputs, ArrayView<float> scales, ArrayView<float> outputs, float epsilon)
    {
        for (long vector = First; vector < inputs.Length / scales.Length; vector += Threads)
        {
            long start = vector * scales.Length;
            float sum = 0;
            for (long i = 0; i < scales.Length; i++)
            {
                sum += inputs[start + i] * inputs[start + i];
            }

            float factor = 1 / XMath.Sqrt((sum / scales.Length) + epsilon);
            for (long i = 0; i < scales.Length; i++)
            {
                outputs[start + i] = inputs[start + i] * factor * scales[i];
            }
        }
    }

    /// <summary>Turns pairs of a head's elements: 2i and 2i + 1 (step 2, distance 1), or i and i + pairs (step 1, distance pairs).</summary>
    public static void Rotate(ArrayView<float> heads, ArrayView<float> cosines, ArrayView<float> sines, RotarySizes sizes)
    {
        long count = heads.Length / sizes.HeadDim * sizes.Pairs;
        for (long i = First; i < count; i += Threads)
        {
            long head = i / sizes.Pairs;
            int pair = (int)(i % sizes.Pairs);
            long angle = (head / sizes.Heads * sizes.Pairs) + pair;
            long first = (head * sizes.HeadDim) + (pair * sizes.Step);
            long second = first + sizes.Distance;
            float x = heads[first];
            float y = heads[second];
            heads[first] = (x * cosines[angle]) - (y * sines[angle]);
            heads[second] = (x * sines[angle]) + (y * cosines[angle]);
        }
    }

    /// <summary>gates = silu(gates) · ups.</summary>
    public static void Gate(ArrayView<float> gates, ArrayView<float> ups)
    {
        for (long i = First; i < gates.Length; i += Threads)
        {
            gates[i] = gates[i] / (1 + XMath.Exp(-gates[i])) * ups[i];
        }
    }

    /// <summary>sums += added.</summary>
    public static void Add(ArrayView<float> sums, ArrayView<float> added)
    {
        for (long i = First; i < sums.Length; i += Threads)
        {
            sums[i] += added[i];
        }
    }
}
