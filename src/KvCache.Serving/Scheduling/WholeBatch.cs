namespace KvCache.Serving.Scheduling;

/// <summary>Whoever runs computes in every step. Stateless.</summary>
public sealed class WholeBatch : IBatchPolicy
{
    /// <inheritdoc/>
    public void BeginStep(ContinuousBatchScheduler scheduler)
    {
    }

    /// <inheritdoc/>
    public bool Includes(ServingRequest request) => true;
}
