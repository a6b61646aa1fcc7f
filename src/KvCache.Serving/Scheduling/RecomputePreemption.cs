namespace KvCache.Serving.Scheduling;

/// <summary>Gives a victim's memory back at once; what is not found in the cache any more is computed again.</summary>
/// <remarks>Source: the scheduler of vLLM V1, which knows nothing else.</remarks>
public sealed class RecomputePreemption : IPreemptionPolicy
{
    /// <inheritdoc/>
    public bool ShouldSuspend(IKvAllocator allocator, ServingRequest request) => false;

    /// <inheritdoc/>
    public bool ShouldResume(IKvAllocator allocator, ServingRequest request, int hitTokens) => false;
}
