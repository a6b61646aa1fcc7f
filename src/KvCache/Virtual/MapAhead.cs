namespace KvCache.Virtual;

/// <summary>One thread that backs, maps and unmaps groups beside the steps, so that no step waits for the system.</summary>
/// <remarks>
/// It knows nothing of the books: the owner hands out groups and places that nobody else touches, in the order in which they are to be
/// done, and later collects the answers. The thread is started by the first request and blocks between requests. All members but the
/// thread's own are the owner's. Allocates nothing while no more than the usual number of requests are under way.
/// </remarks>
internal sealed class MapAhead(GroupMemory memory, int usual) : IDisposable
{
    private readonly Queue<Request> _requests = new(usual);
    private readonly Queue<Answer> _answers = new(usual);

    /// <summary>No <see cref="Lock"/>: that allocates when two threads first meet at it, which may be in the middle of decoding.</summary>
    private readonly object _gate = new();
    private readonly SemaphoreSlim _submitted = new(0);
    private readonly SemaphoreSlim _answered = new(0);
    private Thread? _thread;

    /// <summary>What to do with a place.</summary>
    internal enum Kind
    {
        /// <summary>Take away the mapping of a group.</summary>
        Unmap,

        /// <summary>Map a group that has memory.</summary>
        Map,

        /// <summary>Give a group memory and map it.</summary>
        CreateAndMap,
    }

    /// <summary>Gets how many requests have not been collected.</summary>
    public int Pending { get; private set; }

    public void Submit(in Request request)
    {
        lock (_gate)
        {
            _requests.Enqueue(request);
        }

        Pending++;
        _submitted.Release();
        if (_thread is null)
        {
            _thread = new Thread(Run) { IsBackground = true, Name = "KvCache map ahead" };
            _thread.Start();
        }
    }

    /// <summary>Collects one answer, if there is one.</summary>
    public bool TryCollect(out Answer answer)
    {
        answer = default;
        return Pending > 0 && _answered.Wait(0) && Take(out answer);
    }

    /// <summary>Collects one answer and blocks until there is one. At least one must be pending.</summary>
    public Answer Collect()
    {
        _answered.Wait();
        Take(out Answer answer);
        return answer;
    }

    /// <summary>Ends the thread. No request is pending.</summary>
    public void Dispose()
    {
        if (_thread is not null)
        {
            _submitted.Release();
            _thread.Join();
        }

        _submitted.Dispose();
        _answered.Dispose();
    }

    private bool Take(out Answer answer)
    {
        lock (_gate)
        {
            answer = _answers.Dequeue();
        }

        Pending--;
        return true;
    }

    private void Run()
    {
        while (true)
        {
            _submitted.Wait();
            Request request;
            lock (_gate)
            {
                // Woken with nothing to do: the end.
                if (!_requests.TryDequeue(out request))
                {
                    return;
                }
            }

            Answer answer = CarryOut(request);
            lock (_gate)
            {
                _answers.Enqueue(answer);
            }

            _answered.Release();
        }
    }

    private Answer CarryOut(in Request request)
    {
        bool created = request.Kind != Kind.CreateAndMap;
        bool done = false;
        try
        {
            if (request.Kind == Kind.Unmap)
            {
                memory.Unmap(request.Slot, request.Position, 1);
                done = true;
            }
            else
            {
                created = created || memory.TryCreate([request.Group]);
                done = created && memory.TryMap(request.Slot, request.Position, [request.Group], writable: true);
            }
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // A device that is lost tells its owner so at the owner's next call; here it is something that was not done. A place from
            // which nothing could be taken away is occupied still, so that what follows for it is not done either.
        }

        return new Answer(request, created, done);
    }

    /// <summary>Something to do.</summary>
    /// <param name="Kind">What.</param>
    /// <param name="Slot">The slot.</param>
    /// <param name="Position">The position in it.</param>
    /// <param name="Group">The group that is there, or is to be.</param>
    /// <param name="Writable">Whether the mapping to take away is writable.</param>
    internal readonly record struct Request(Kind Kind, int Slot, int Position, int Group, bool Writable = true);

    /// <summary>What came of it.</summary>
    /// <param name="Request">What was to do.</param>
    /// <param name="IsCreated">Whether the group has memory.</param>
    /// <param name="IsDone">Whether it was done.</param>
    internal readonly record struct Answer(Request Request, bool IsCreated, bool IsDone);
}
