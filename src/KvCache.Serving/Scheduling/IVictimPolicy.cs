namespace KvCache.Serving.Scheduling;

/// <summary>Chooses whose memory is taken where there is too little for all that run.</summary>
public interface IVictimPolicy
{
    /// <summary>Chooses a victim. Must allocate nothing.</summary>
    /// <param name="running">The running requests, in the order in which they started; at least one.</param>
    /// <returns>The index of the victim.</returns>
    int Choose(ReadOnlySpan<ServingRequest> running);
}
