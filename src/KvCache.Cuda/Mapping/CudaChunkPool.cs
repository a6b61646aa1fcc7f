using KvCache.Cuda.Driver;

namespace KvCache.Cuda.Mapping;

/// <summary>Chunks created ahead by a thread of their own: refilled up to the high watermark whenever fewer than the low one are left.</summary>
internal sealed class CudaChunkPool : IDisposable
{
    private const int Batch = 8;
    private readonly object _gate = new();
    private readonly CudaContext _context;
    private readonly CudaChunkFactory _factory;
    private readonly Func<int> _room;
    private readonly int _low;
    private readonly int _high;
    private readonly Stack<ulong> _spare = new();
    private readonly Thread? _thread;
    private bool _wanted;
    private bool _stopped;

    /// <param name="context">The context.</param>
    /// <param name="factory">What makes chunks.</param>
    /// <param name="low">The low watermark.</param>
    /// <param name="high">The high watermark; 0 for a pool that stays empty.</param>
    /// <param name="room">How many more chunks there may be, created and spare.</param>
    public CudaChunkPool(CudaContext context, CudaChunkFactory factory, int low, int high, Func<int> room)
    {
        _context = context;
        _factory = factory;
        _low = low;
        _high = high;
        _room = room;
        if (high > 0)
        {
            _wanted = true;
            _thread = new Thread(Refill) { IsBackground = true, Name = "KvCache CUDA chunks" };
            _thread.Start();
        }
    }

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _spare.Count;
            }
        }
    }

    /// <summary>Takes as many spare chunks as there are.</summary>
    public int Take(Span<ulong> handles)
    {
        lock (_gate)
        {
            int taken = 0;
            while (taken < handles.Length && _spare.TryPop(out handles[taken]))
            {
                taken++;
            }

            return taken;
        }
    }

    /// <summary>Puts back what was taken.</summary>
    public void PutBack(ReadOnlySpan<ulong> handles)
    {
        lock (_gate)
        {
            foreach (ulong handle in handles)
            {
                _spare.Push(handle);
            }
        }
    }

    /// <summary>Has more made if few are left: some were taken, or memory was given back that was refused before.</summary>
    public void Refresh()
    {
        lock (_gate)
        {
            if (!_wanted && _spare.Count < _low)
            {
                _wanted = true;
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Blocks until the thread has nothing to do.</summary>
    public void WaitUntilIdle()
    {
        lock (_gate)
        {
            while (_wanted && !_stopped)
            {
                Monitor.Wait(_gate);
            }
        }
    }

    /// <summary>Ends the thread. The chunks left are taken with <see cref="Take"/>.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _stopped = true;
            Monitor.PulseAll(_gate);
        }

        _thread?.Join();
    }

    private void Refill()
    {
        ulong[] made = new ulong[Batch];
        while (TryAwaitWork(out int count))
        {
            bool done = TryMake(made.AsSpan(0, count));
            lock (_gate)
            {
                if (done)
                {
                    PutBack(made.AsSpan(0, count));
                }
                else
                {
                    EndWork(); // not before the next request: somebody must have given memory back, or want some
                }
            }
        }
    }

    private bool TryAwaitWork(out int count)
    {
        lock (_gate)
        {
            count = 0;
            while (!_stopped && (count = _wanted ? Missing() : 0) == 0)
            {
                EndWork();
                Monitor.Wait(_gate);
            }

            return !_stopped;
        }
    }

    private int Missing() => Math.Clamp(Math.Min(_high - _spare.Count, _room() - _spare.Count), 0, Batch);

    private void EndWork()
    {
        _wanted = false;
        Monitor.PulseAll(_gate);
    }

    private bool TryMake(Span<ulong> handles)
    {
        try
        {
            using CudaScope scope = _context.Enter();
            return _factory.TryCreate(handles);
        }
        catch (CudaException)
        {
            return false; // the context is lost, as every caller hears from its own calls
        }
    }
}
