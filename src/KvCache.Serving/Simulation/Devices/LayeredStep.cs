using KvCache.Serving.CostModels;

namespace KvCache.Serving.Simulation.Devices;

/// <summary>Computes a step on a simulated device, layer by layer.</summary>
internal static class LayeredStep
{
    /// <summary>What passes before the first layer; nothing where a model knows the whole only, which the layers share then.</summary>
    public static TimeSpan Before(in StepCost cost) => cost.Layers == 0 ? TimeSpan.Zero : cost.Before;

    /// <summary>Enters, computes and leaves every layer.</summary>
    /// <remarks>What comes before the layers must have passed on the device.</remarks>
    /// <returns>When the step has ended.</returns>
    public static TimeSpan Compute(SimulatedDevice device, KvStep step, in StepCost cost, int layers)
    {
        TimeSpan all = cost.Layers == 0 ? cost.Before : cost.PerLayer * cost.Layers;
        TimeSpan exchanges = cost.PerLayerExchange * cost.Layers;
        for (int layer = 0; layer < layers; layer++)
        {
            step.Enter(layer);
            TimeSpan exchange = Part(exchanges, layer, layers);
            device.Compute(Part(all, layer, layers) - exchange, exchange);
            step.Leave(layer);
        }

        device.Compute(cost.After);
        return device.EndStep();
    }

    /// <summary>A layer's part of a whole, such that all parts sum up to it.</summary>
    private static TimeSpan Part(TimeSpan whole, int layer, int layers) =>
        TimeSpan.FromTicks((whole.Ticks * (layer + 1) / layers) - (whole.Ticks * layer / layers));
}
