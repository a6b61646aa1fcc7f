namespace KvCache.Serving.Scheduling;

/// <summary>Decides what becomes of the keys and values of a request whose memory is taken: kept on the host, or computed again.</summary>
/// <remarks>
/// What it wishes is done where it can be: without a host tier, or without room in it, everything is computed again. An instance serves one
/// scheduler, on its thread. Must allocate nothing.
/// </remarks>
public interface IPreemptionPolicy
{
    /// <summary>Decides whether a victim's keys and values are worth being copied to the host.</summary>
    /// <param name="allocator">The manager of the memory.</param>
    /// <param name="request">The victim, which has computed something.</param>
    /// <returns>True for suspension, false for giving the memory back at once.</returns>
    bool ShouldSuspend(IKvAllocator allocator, ServingRequest request);

    /// <summary>Decides whether a suspended request that may go on is worth being copied back.</summary>
    /// <param name="allocator">The manager of the memory.</param>
    /// <param name="request">The request.</param>
    /// <param name="hitTokens">How many of its leading tokens are in the cache anyway; neither copied nor computed.</param>
    /// <returns>True for copying, false for giving up what is on the host and computing it again.</returns>
    bool ShouldResume(IKvAllocator allocator, ServingRequest request, int hitTokens);
}
