namespace KvCache.Serving.CostModels;

/// <summary>How much of a datasheet's figures kernels reach, and what a step costs besides.</summary>
/// <remarks>
/// <para>One set for all devices, from published kernel times; what those that were measured spend on launches is counted apart. Matrix
/// products: the non-attention part of Llama-2-7B at 512 to 4,096 tokens reaches 0.64 to 0.66 of an A100's arithmetic, 0.56 to 0.67 of
/// an H100's, 0.62 to 0.68 of an A40's; at one token it reads weights at 0.73, 0.78 and 0.80 of their bandwidth (microsoft/vidur, MIT).
/// Attention over prompts of 2K to 8K reaches 0.38 to 0.52 of an A100, 0.44 to 0.67 of an H100, 0.36 to 0.49 of an L40S
/// (ai-dynamo/aiconfigurator, Apache-2.0).</para>
/// <para>Immutable.</para>
/// </remarks>
public sealed record RooflineEfficiencies
{
    /// <summary>Gets the share of the arithmetic that matrix products reach; above 0, at most 1.</summary>
    /// <value>Default: 0.67.</value>
    public double MatrixProducts { get; init; } = 0.67;

    /// <summary>Gets the share of the arithmetic that attention over prompts reaches; above 0, at most 1.</summary>
    /// <value>Default: 0.45.</value>
    public double PrefillAttention { get; init; } = 0.45;

    /// <summary>Gets the share of the memory's bandwidth that reading weights and cache reaches; above 0, at most 1.</summary>
    /// <value>Default: 0.75.</value>
    public double Memory { get; init; } = 0.75;

    /// <summary>Gets the share of a link's bandwidth that copies reach; above 0, at most 1.</summary>
    /// <value>Default: 0.8125: 26 of PCI Express 4.0's 32 GB/s.</value>
    public double Link { get; init; } = 0.8125;

    /// <summary>Gets what a layer costs beyond that: launches and small kernels.</summary>
    /// <value>Default: 20 µs.</value>
    public TimeSpan LayerOverhead { get; init; } = TimeSpan.FromMicroseconds(20);

    /// <summary>Gets what a step costs beyond that: scheduling, preparing inputs, sampling.</summary>
    /// <value>Default: 5 ms, an engine that does them between steps on one Python thread; one that hides them behind the step before: 0.</value>
    public TimeSpan StepOverhead { get; init; } = TimeSpan.FromMilliseconds(5);

    internal void Validate()
    {
        Share(MatrixProducts, nameof(MatrixProducts));
        Share(PrefillAttention, nameof(PrefillAttention));
        Share(Memory, nameof(Memory));
        Share(Link, nameof(Link));
        NotNegative(LayerOverhead, nameof(LayerOverhead));
        NotNegative(StepOverhead, nameof(StepOverhead));
    }

    private static void Share(double value, string name)
    {
        if (!(value > 0 && value <= 1))
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} is {value}; expected above 0 and at most 1.");
        }
    }

    private static void NotNegative(TimeSpan value, string name)
    {
        if (value < TimeSpan.Zero)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} is {value}; expected at least 0.");
        }
    }
}
