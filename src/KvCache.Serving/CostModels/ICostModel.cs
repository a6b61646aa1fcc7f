namespace KvCache.Serving.CostModels;

/// <summary>Says how long a forward pass takes on some device.</summary>
/// <remarks>A function: equal steps cost the same, whenever and in whatever order they are asked for. Callable from any thread.</remarks>
public interface ICostModel
{
    /// <summary>Estimates a step. Allocates nothing and costs O(rows).</summary>
    /// <param name="work">What the step computes; may have no rows.</param>
    /// <returns>Its time.</returns>
    StepCost Estimate(in StepWork work);
}
