namespace KvCache.Serving.Scheduling;

/// <summary>Takes the memory of the least urgent request, and among equals of the one that started last.</summary>
/// <remarks>
/// O(running). It does not look at how much a victim would give back, or has to compute again. Source: the scheduler of vLLM V1,
/// where all are equally urgent.
/// </remarks>
public sealed class LastStartedVictim : IVictimPolicy
{
    /// <inheritdoc/>
    public int Choose(ReadOnlySpan<ServingRequest> running)
    {
        int victim = running.Length - 1;
        for (int i = victim - 1; i >= 0; i--)
        {
            victim = running[i].Priority > running[victim].Priority ? i : victim;
        }

        return victim;
    }
}
