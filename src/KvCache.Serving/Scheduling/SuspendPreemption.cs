namespace KvCache.Serving.Scheduling;

/// <summary>Suspends a victim wherever the host has room, whatever it costs; nothing is computed twice then.</summary>
public sealed class SuspendPreemption : IPreemptionPolicy
{
    /// <inheritdoc/>
    public bool ShouldSuspend(IKvAllocator allocator, ServingRequest request) => true;

    /// <inheritdoc/>
    public bool ShouldResume(IKvAllocator allocator, ServingRequest request, int hitTokens) => true;
}
