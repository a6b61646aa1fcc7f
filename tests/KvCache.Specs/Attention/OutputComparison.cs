using Xunit;

namespace KvCache.Specs.Attention;

/// <summary>How far an output is from the right one.</summary>
public static class OutputComparison
{
    // Scores are rounded to single precision: one of magnitude M moves its weight by up to M × 2⁻²⁴, so that beyond this
    // magnitude the rounding of scores, not of sums, decides how near an output can be.
    private const double PlainScore = 8;

    // One head of one token may be less lucky than all together.
    private const double LooseFactor = 8;

    // An output may cancel to nothing; its error is measured against what was summed up, too.
    private const double Cancellation = 0.25;

    /// <summary>Relative L2 error of the whole output, and more loosely of every head of every token.</summary>
    public static void AssertNear(float[] actual, ReferenceAttention expected, double tolerance, string against)
    {
        Assert.Equal(expected.Output.Length, actual.Length);
        double allowed = tolerance * Math.Max(1, expected.LargestScore / PlainScore);
        for (int start = 0; start < actual.Length; start += expected.HeadDim)
        {
            double headError = Error(actual, expected, start, expected.HeadDim);
            Assert.True(
                headError <= LooseFactor * allowed,
                $"Head {start / expected.HeadDim} of the output (all tokens' heads counted) is {headError:E2} from {against}; "
                + $"expected at most {LooseFactor * allowed:E2}: {actual[start]:R} and on instead of {expected.Output[start]:R}.");
        }

        double error = Error(actual, expected, 0, actual.Length);
        Assert.True(
            error <= allowed,
            $"The output is {error:E2} from {against}, largest score {expected.LargestScore:G3}; expected at most {allowed:E2}.");
    }

    /// <summary>Relative L2 difference of two outputs that should be the same.</summary>
    public static void AssertNear(float[] actual, float[] expected, double tolerance, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < actual.Length; i++)
        {
            difference += Square(actual[i] - (double)expected[i]);
            norm += Square(expected[i]);
        }

        double error = norm == 0 ? Math.Sqrt(difference) : Math.Sqrt(difference / norm);
        Assert.True(error <= tolerance, $"{what}: outputs differ by {error:E2}; expected at most {tolerance:E2}.");
    }

    /// <summary>Every bit is the same; NaN is the same as NaN.</summary>
    public static void AssertSame(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < actual.Length; i++)
        {
            bool same = BitConverter.SingleToUInt32Bits(actual[i]) == BitConverter.SingleToUInt32Bits(expected[i])
                || (float.IsNaN(actual[i]) && float.IsNaN(expected[i]));
            Assert.True(same, $"{what}: element {i} is {actual[i]:R} instead of {expected[i]:R}.");
        }
    }

    private static double Error(float[] actual, ReferenceAttention expected, int start, int count)
    {
        double difference = 0;
        double norm = 0;
        double magnitude = 0;
        for (int i = start; i < start + count; i++)
        {
            difference += Square(actual[i] - expected.Output[i]);
            norm += Square(expected.Output[i]);
            magnitude += Square(expected.Magnitudes[i]);
        }

        double size = Math.Max(Math.Sqrt(norm), Cancellation * Math.Sqrt(magnitude));
        return size == 0 ? Math.Sqrt(difference) : Math.Sqrt(difference) / size;
    }

    private static double Square(double number) => number * number;
}
