namespace KvCache.Virtual;

/// <summary>One thread that backs and maps groups before a sequence needs them, so that no step waits for the system.</summary>
/// <remarks>
/// It knows nothing of the books: the owner hands out a group and a place that nobody else touches, and later collects the
/// answer. The thread is started by the first request and blocks between requests. All members but the thread's own are the owner's.
/// </remarks>
internal sealed class MapAhead(GroupMemory memory) : IDisposable
{
    private readonly Queue<Request> _requests = new();
    private readonly Queue<Answer> _answers = new();
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _submitted = new(0);
    private readonly SemaphoreSlim _answered = new(0);
    private Thread? _thread;

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

            Answer answer = Carry(request);
            lock (_gate)
            {
                _answers.Enqueue(answer);
            }

            _answered.Release();
        }
    }

    private Answer Carry(in Request request)
    {
        bool created = request.IsCreated;
        bool mapped = false;
        try
        {
            created = created || memory.TryCreate([request.Group]);
            mapped = created && memory.TryMap(request.Slot, request.Position, [request.Group], writable: true);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // A device that is lost tells its owner so at the owner's next call; here it is a mapping that was not made.
        }

        return new Answer(request, created, mapped);
    }

    /// <summary>What to do.</summary>
    /// <param name="Slot">The slot.</param>
    /// <param name="Position">The position in it, which shows nothing.</param>
    /// <param name="Group">The group to map there.</param>
    /// <param name="IsCreated">Whether the group has memory.</param>
    internal readonly record struct Request(int Slot, int Position, int Group, bool IsCreated);

    /// <summary>What was done.</summary>
    internal readonly record struct Answer(Request Request, bool IsCreated, bool IsMapped);
}
