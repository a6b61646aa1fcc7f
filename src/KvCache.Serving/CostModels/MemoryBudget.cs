namespace KvCache.Serving.CostModels;

/// <summary>How much of a device's memory is left for the cache, once weights and activations have theirs.</summary>
public static class MemoryBudget
{
    /// <summary>The share of a device's memory that servers use.</summary>
    public const double DefaultUtilization = 0.9;

    /// <summary>What a device's driver and libraries take for themselves: a context, workspaces.</summary>
    public const long ReservedBytes = 1_000_000_000;

    /// <summary>Works out the memory for the cache on each device, as vLLM does.</summary>
    /// <remarks>
    /// A share of the memory, less <see cref="ReservedBytes"/>, the weights and the activations of the largest step.
    /// Activations are counted as the hidden state four times, the MLP's intermediate one three times, and the logits in float32 of
    /// as many rows as yield a token.
    /// </remarks>
    /// <param name="model">The transformer.</param>
    /// <param name="device">The device.</param>
    /// <param name="maxStepTokens">The most tokens of a step; at least 1.</param>
    /// <param name="maxSequences">The most rows that yield a token; at least 1.</param>
    /// <param name="tensorParallel">The devices that share each layer.</param>
    /// <param name="utilization">The share of the memory that is used; above 0, at most 1.</param>
    /// <returns>Bytes on each device; 0 where the weights leave none.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A count or the share is out of its range.</exception>
    public static long CacheBytes(
        TransformerModel model,
        AcceleratorDevice device,
        int maxStepTokens = 2048,
        int maxSequences = 256,
        int tensorParallel = 1,
        double utilization = DefaultUtilization)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(device);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxStepTokens, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxSequences, 1);
        model.EnsureDivides(tensorParallel);
        if (!(utilization > 0 && utilization <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(utilization), utilization, $"The share is {utilization}; expected above 0 and at most 1.");
        }

        double activations = (double)maxStepTokens * TransformerModel.ElementBytes * ((4.0 * model.HiddenSize) + (3.0 * model.IntermediateSize / tensorParallel));
        double logits = (double)Math.Min(maxSequences, maxStepTokens) * model.VocabularySize * sizeof(float);
        double left = (device.MemoryBytes * utilization) - ((double)model.WeightBytes / tensorParallel) - activations - logits - ReservedBytes;
        return (long)Math.Max(0, left);
    }
}
