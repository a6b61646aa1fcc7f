namespace KvCache.Serving.Tests.Scheduling;

/// <summary>A request of a random workload.</summary>
/// <param name="Delay">Steps between the arrival before it and its own.</param>
/// <param name="Kind">What it says: requests of a kind begin alike, and all kinds have their first tokens in common; a negative one has nothing in common with any other.</param>
/// <param name="Prompt">Tokens in its prompt.</param>
/// <param name="Output">Tokens in its answer.</param>
/// <param name="Priority">Its urgency.</param>
/// <param name="CancelAfter">After how many steps it is cancelled; negative for never.</param>
/// <param name="CancelWithin">Whether it is cancelled while a step is open.</param>
public sealed record Arrival(int Delay, int Kind, int Prompt, int Output, int Priority, int CancelAfter, bool CancelWithin)
{
    private const int Common = 5;

    public int TokenAt(int position) =>
        Kind < 0 ? Kind
        : position < Math.Min(Common, Prompt) ? 0
        : 1 + ((Kind + (position >= Prompt ? position : 0)) % 3);
}
