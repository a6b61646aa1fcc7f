using System.Runtime.InteropServices;

namespace KvCache.Serving.Scheduling;

/// <summary>Requests that run, in the order in which they started, so that each keeps its row from step to step.</summary>
internal sealed class RunningList
{
    private readonly List<ServingRequest> _requests = [];

    public int Count => _requests.Count;

    public ServingRequest this[int index] => _requests[index];

    public ReadOnlySpan<ServingRequest> Span => CollectionsMarshal.AsSpan(_requests);

    public void Add(ServingRequest request) => _requests.Add(request);

    public ServingRequest TakeAt(int index)
    {
        ServingRequest request = _requests[index];
        _requests.RemoveAt(index);
        return request;
    }

    public void Remove(ServingRequest request) => _requests.Remove(request);

    /// <summary>Takes out what does not run any more.</summary>
    public void RemoveEnded() => _requests.RemoveAll(static request => request.Status != RequestStatus.Running);
}
