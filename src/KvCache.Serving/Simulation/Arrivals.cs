using KvCache.Serving.Scheduling;

namespace KvCache.Serving.Simulation;

/// <summary>Requests that have yet to arrive; what they say is read when they do.</summary>
internal sealed class Arrivals : IDisposable
{
    private readonly IEnumerator<SimulatedRequest> _requests;
    private int[] _prompt = [];
    private int _count;

    public Arrivals(IEnumerable<SimulatedRequest> requests)
    {
        _requests = requests.GetEnumerator();
        MoveNext();
    }

    /// <summary>Gets the next one, or null after the last.</summary>
    public SimulatedRequest? Next { get; private set; }

    /// <summary>Takes the next one.</summary>
    public ServingRequest Take()
    {
        SimulatedRequest simulated = Next!;
        Conversation conversation = new(simulated, _count++);
        if (_prompt.Length < simulated.PromptTokens)
        {
            _prompt = new int[Math.Max(simulated.PromptTokens, Math.Min(Array.MaxLength, 2L * _prompt.Length))];
        }

        Span<int> prompt = _prompt.AsSpan(0, simulated.PromptTokens);
        conversation.Read(0, prompt);
        MoveNext();
        return new ServingRequest(prompt, simulated.OutputTokens) { Priority = simulated.Priority, Tag = conversation };
    }

    public void Dispose() => _requests.Dispose();

    private void MoveNext()
    {
        TimeSpan last = Next?.Arrival ?? TimeSpan.MinValue;
        Next = _requests.MoveNext() ? _requests.Current : null;
        if (Next is not null && (Next.Arrival < last || Next.Arrival < TimeSpan.Zero || Next.PromptTokens < 1 || Next.OutputTokens < 1))
        {
            throw new ArgumentException(
                $"Request {_count} arrives at {Next.Arrival}, with {Next.PromptTokens} tokens and {Next.OutputTokens} to generate; " +
                "expected no time below 0 or before the last request's, and at least one token of each.",
                "requests");
        }
    }
}
