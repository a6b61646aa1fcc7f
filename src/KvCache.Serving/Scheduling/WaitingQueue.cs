namespace KvCache.Serving.Scheduling;

/// <summary>Requests that wait: the most urgent first, and among equals the one that arrived first.</summary>
/// <remarks>
/// As those that run are taken off its front and a victim is the last that started, a preempted request comes back to the front.
/// O(log waiting) per request in and out, O(waiting) to take one out of the middle.
/// </remarks>
internal sealed class WaitingQueue
{
    private readonly PriorityQueue<ServingRequest, (int Priority, long Number)> _queue = new();
    private readonly List<ServingRequest> _skipped = [];

    public int Count => _queue.Count + _skipped.Count;

    public void Enqueue(ServingRequest request) => _queue.Enqueue(request, (request.Priority, request.Number));

    /// <summary>The first that was not skipped.</summary>
    public bool TryPeek(out ServingRequest request) => _queue.TryPeek(out request!, out _);

    public void Dequeue() => _queue.Dequeue();

    /// <summary>Passes over the first one, until <see cref="Restore"/>.</summary>
    public void Skip() => _skipped.Add(_queue.Dequeue());

    /// <summary>Puts those that were skipped back.</summary>
    public void Restore()
    {
        foreach (ServingRequest request in _skipped)
        {
            Enqueue(request);
        }

        _skipped.Clear();
    }

    public void Remove(ServingRequest request) => _queue.Remove(request, out _, out _);
}
