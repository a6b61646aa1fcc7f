using System.Numerics;

namespace Generate.Weights;

/// <summary>Dot products of one row with several tokens' inputs. How many there are changes no sum's order.</summary>
internal static unsafe class DotProducts
{
    /// <summary>A row is read once for so many tokens.</summary>
    public const int Together = 4;

    /// <summary>Computes outputs[token × stride] = row · inputs[token].</summary>
    public static void Compute(float* row, float* inputs, int length, float* outputs, int stride, int tokens)
    {
        if (tokens == Together)
        {
            Four(row, inputs, length, outputs, stride);
            return;
        }

        for (int token = 0; token < tokens; token++)
        {
            outputs[(long)token * stride] = One(row, inputs + ((long)token * length), length);
        }
    }

    private static float One(float* row, float* input, int length)
    {
        int width = Vector<float>.Count;
        Vector<float> even = Vector<float>.Zero;
        Vector<float> odd = Vector<float>.Zero;
        int i = 0;
        for (; i <= length - (2 * width); i += 2 * width)
        {
            even = Vector.MultiplyAddEstimate(Vector.Load(row + i), Vector.Load(input + i), even);
            odd = Vector.MultiplyAddEstimate(Vector.Load(row + i + width), Vector.Load(input + i + width), odd);
        }

        return Vector.Sum(even + odd) + Rest(row, input, i, length);
    }

    private static void Four(float* row, float* inputs, int length, float* outputs, int stride)
    {
        int width = Vector<float>.Count;
        float* input1 = inputs + length;
        float* input2 = input1 + length;
        float* input3 = input2 + length;
        Vector<float> even0 = Vector<float>.Zero;
        Vector<float> even1 = even0;
        Vector<float> even2 = even0;
        Vector<float> even3 = even0;
        Vector<float> odd0 = even0;
        Vector<float> odd1 = even0;
        Vector<float> odd2 = even0;
        Vector<float> odd3 = even0;
        int i = 0;
        for (; i <= length - (2 * width); i += 2 * width)
        {
            Vector<float> weights = Vector.Load(row + i);
            even0 = Vector.MultiplyAddEstimate(weights, Vector.Load(inputs + i), even0);
            even1 = Vector.MultiplyAddEstimate(weights, Vector.Load(input1 + i), even1);
            even2 = Vector.MultiplyAddEstimate(weights, Vector.Load(input2 + i), even2);
            even3 = Vector.MultiplyAddEstimate(weights, Vector.Load(input3 + i), even3);
            weights = Vector.Load(row + i + width);
            odd0 = Vector.MultiplyAddEstimate(weights, Vector.Load(inputs + i + width), odd0);
            odd1 = Vector.MultiplyAddEstimate(weights, Vector.Load(input1 + i + width), odd1);
            odd2 = Vector.MultiplyAddEstimate(weights, Vector.Load(input2 + i + width), odd2);
            odd3 = Vector.MultiplyAddEstimate(weights, Vector.Load(input3 + i + width), odd3);
        }

        outputs[0] = Vector.Sum(even0 + odd0) + Rest(row, inputs, i, length);
        outputs[stride] = Vector.Sum(even1 + odd1) + Rest(row, input1, i, length);
        outputs[2L * stride] = Vector.Sum(even2 + odd2) + Rest(row, input2, i, length);
        outputs[3L * stride] = Vector.Sum(even3 + odd3) + Rest(row, input3, i, length);
    }

    private static float Rest(float* row, float* input, int first, int length)
    {
        float sum = 0;
        for (int i = first; i < length; i++)
        {
            sum += row[i] * input[i];
        }

        return sum;
    }
}
