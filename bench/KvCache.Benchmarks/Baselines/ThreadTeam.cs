namespace KvCache.Benchmarks.Baselines;

/// <summary>A fixed number of threads that do one thing together: the calling one, and others that spin for a while before they sleep.</summary>
internal sealed class ThreadTeam : IDisposable
{
    // About twenty microseconds: longer than between two calls in a row, shorter than what would disturb others' threads.
    private const int SpinsBeforeSleep = 400;
    private readonly object _gate = new();
    private Action<int> _work = static _ => { };
    private int _round;
    private int _running;
    private bool _stopped;

    public ThreadTeam(int threads)
    {
        Threads = threads;
        for (int i = 1; i < threads; i++)
        {
            int index = i;
            new Thread(() => Serve(index)) { IsBackground = true, Name = $"team {index}" }.Start();
        }
    }

    public int Threads { get; }

    /// <summary>Calls the work once on every thread, with 0 … threads − 1, and returns when all have finished.</summary>
    public void Run(Action<int> work)
    {
        _running = Threads - 1;
        Begin(work);
        work(0);
        while (Volatile.Read(ref _running) > 0)
        {
            Thread.SpinWait(1);
        }
    }

    public void Dispose()
    {
        _stopped = true;
        Begin(static _ => { });
    }

    private void Begin(Action<int> work)
    {
        _work = work;
        lock (_gate)
        {
            _round++;
            Monitor.PulseAll(_gate);
        }
    }

    private void Serve(int index)
    {
        int seen = Await(0);
        while (!_stopped)
        {
            _work(index);
            Interlocked.Decrement(ref _running);
            seen = Await(seen);
        }
    }

    private int Await(int seen)
    {
        for (int spins = 0; spins < SpinsBeforeSleep; spins++)
        {
            if (Volatile.Read(ref _round) != seen)
            {
                return Volatile.Read(ref _round);
            }

            Thread.SpinWait(1);
        }

        lock (_gate)
        {
            while (_round == seen)
            {
                Monitor.Wait(_gate);
            }

            return _round;
        }
    }
}
