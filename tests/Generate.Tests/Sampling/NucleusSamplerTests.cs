using Generate.Sampling;
using Xunit;

namespace Generate.Tests.Sampling;

/// <summary>Sampling against a plain reference that sorts everything, and the properties that users rely on.</summary>
public sealed class NucleusSamplerTests
{
    private const int Vocabulary = 50;

    [Theory]
    [InlineData(1.0, 1.0)]
    [InlineData(0.7, 0.9)]
    [InlineData(1.5, 0.5)]
    [InlineData(1.0, 0.05)]
    [InlineData(0.01, 0.99)]
    public void Tokens_are_those_of_a_plain_reference(double temperature, double topP)
    {
        for (int seed = 0; seed < 100; seed++)
        {
            float[] logits = RandomLogits(seed);
            NucleusSampler sampler = new(temperature, topP, (ulong)seed);
            SplitMix64 random = new((ulong)seed);
            for (int i = 0; i < 20; i++)
            {
                Assert.Equal(Sample(logits, temperature, topP, random.NextDouble()), sampler.Sample(logits));
            }
        }
    }

    [Fact]
    public void Tokens_come_as_often_as_they_are_probable()
    {
        const int Draws = 20_000;
        float[] logits = [0, 1, 2, 3, 2];
        double[] probabilities = Probabilities(logits, temperature: 1);
        NucleusSampler sampler = new(temperature: 1, topP: 1, seed: 42);
        int[] counts = new int[logits.Length];
        for (int i = 0; i < Draws; i++)
        {
            counts[sampler.Sample(logits)]++;
        }

        double chiSquared = counts.Zip(probabilities, (count, p) => Math.Pow(count - (p * Draws), 2) / (p * Draws)).Sum();
        Assert.InRange(chiSquared, 0, 18.5); // 4 degrees of freedom: exceeded once in 1,000 seeds
    }

    [Fact]
    public void Only_the_likeliest_tokens_that_have_top_p_together_are_chosen()
    {
        float[] logits = [MathF.Log(0.4f), MathF.Log(0.1f), MathF.Log(0.3f), MathF.Log(0.2f)];
        NucleusSampler sampler = new(temperature: 1, topP: 0.65, seed: 1);
        HashSet<int> chosen = [.. Enumerable.Range(0, 500).Select(_ => sampler.Sample(logits))];
        Assert.Equal([0, 2], chosen.Order());
    }

    [Fact]
    public void Of_equal_tokens_the_first_ones_are_chosen_among_and_no_more_than_top_p_takes()
    {
        NucleusSampler sampler = new(temperature: 1, topP: 0.5, seed: 1);
        HashSet<int> chosen = [.. Enumerable.Range(0, 500).Select(_ => sampler.Sample([7, 7, 7, 7]))];
        Assert.Equal([0, 1], chosen.Order());
    }

    [Fact]
    public void Samples_of_a_seed_repeat_and_differ_from_each_other()
    {
        SamplingSettings settings = new(Temperature: 1, TopP: 1, Seed: 9);
        float[] logits = new float[Vocabulary];
        string Draw(int sample)
        {
            ITokenSampler sampler = settings.Create(sample);
            return string.Join(' ', Enumerable.Range(0, 50).Select(_ => sampler.Sample(logits)));
        }

        string[] draws = [.. Enumerable.Range(0, 8).Select(Draw)];
        Assert.Equal(8, draws.Distinct().Count());
        Assert.Equal(draws, Enumerable.Range(0, 8).Select(Draw));
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(1.0)]
    public void Logits_that_are_no_numbers_are_refused(double temperature)
    {
        ITokenSampler sampler = new SamplingSettings(temperature).Create(sample: 0);
        Assert.Contains("finite", Assert.Throws<GenerateException>(() => sampler.Sample([float.NaN, float.NaN])).Message);
        Assert.Contains("finite", Assert.Throws<GenerateException>(() => sampler.Sample([1, float.PositiveInfinity])).Message);
    }

    [Fact]
    public void Temperature_0_takes_the_first_of_the_largest_logits()
    {
        ITokenSampler sampler = new SamplingSettings().Create(sample: 0);
        Assert.Equal(1, sampler.Sample([-5, 3, 3, 2]));
        Assert.Equal(2, sampler.Sample([-5, -4, -3]));
    }

    private static float[] RandomLogits(int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, Vocabulary).Select(_ => MathF.Round(random.NextSingle() * 40) / 4)];
    }

    private static double[] Probabilities(float[] logits, double temperature)
    {
        double[] weights = [.. logits.Select(logit => Math.Exp(((double)logit - logits.Max()) / temperature))];
        return [.. weights.Select(weight => weight / weights.Sum())];
    }

    private static int Sample(float[] logits, double temperature, double topP, double random)
    {
        double[] probabilities = Probabilities(logits, temperature);
        int[] order = [.. Enumerable.Range(0, logits.Length).OrderByDescending(token => probabilities[token]).ThenBy(static token => token)];
        List<int> nucleus = [];
        foreach (int token in order)
        {
            if (nucleus.Sum(inside => probabilities[inside]) < topP)
            {
                nucleus.Add(token);
            }
        }

        double left = random * nucleus.Sum(token => probabilities[token]);
        foreach (int token in nucleus)
        {
            left -= probabilities[token];
            if (left < 0)
            {
                return token;
            }
        }

        return nucleus[^1];
    }
}
