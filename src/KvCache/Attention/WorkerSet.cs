using System.Diagnostics;

namespace KvCache.Attention;

/// <summary>A few threads that share the parts of one piece of work at a time; the caller is one of them.</summary>
/// <remarks>
/// Threads start when they are first needed. They look out for work for a moment after the last, then sleep: between the
/// layers of a step they are awake, between requests they cost nothing. A run waits for its parts, not for threads that
/// never came to take one. It allocates nothing. Threads: one run at a time.
/// </remarks>
internal sealed class WorkerSet(int workers) : IDisposable
{
    private const uint Closed = uint.MaxValue;
    private static readonly long LookOut = Stopwatch.Frequency / 10_000; // 100 µs

    private readonly SemaphoreSlim _sleepers = new(0);
    private readonly ManualResetEventSlim _finished = new(false);
    private Thread[] _threads = [];
    private IPartedWork? _work;
    private Exception? _failure;
    private uint _parts;
    private uint _completed;
    private int _sleeping;
    private long _ticket = Closed; // the run's number above, the next part below, so that nobody takes a part of another run
    private volatile bool _disposed;

    public int Workers => workers;

    /// <summary>Does all parts and returns when they are done.</summary>
    /// <exception cref="AggregateException">A part failed on one of several threads; the others have ended.</exception>
    public void Run(IPartedWork work, int parts)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (workers == 1 || parts <= 1)
        {
            RunHere(work, parts);
            return;
        }

        if (_threads.Length == 0)
        {
            StartThreads();
        }

        _work = work;
        _parts = (uint)parts;
        _completed = 0;
        long run = (_ticket >> 32) + 1;
        Interlocked.Exchange(ref _ticket, run << 32);
        Wake(parts - 1);
        TakeParts(worker: 0);
        AwaitOthers();
        Interlocked.Exchange(ref _ticket, (run << 32) | Closed);
        _work = null;
        if (Interlocked.Exchange(ref _failure, null) is { } failure)
        {
            throw new AggregateException(failure);
        }
    }

    /// <summary>Does all parts on the calling thread: for work that takes less time than waking others.</summary>
    public static void RunHere(IPartedWork work, int parts)
    {
        for (int part = 0; part < parts; part++)
        {
            work.Do(part, worker: 0);
        }
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (_threads.Length > 0)
        {
            _sleepers.Release(_threads.Length);
        }

        foreach (Thread thread in _threads)
        {
            thread.Join();
        }

        _threads = [];
        _sleepers.Dispose();
        _finished.Dispose();
    }

    private void StartThreads()
    {
        _threads = new Thread[workers - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            int worker = i + 1;
            _threads[i] = new Thread(() => Live(worker)) { IsBackground = true, Name = $"KvCache attention {worker}" };
            _threads[i].Start();
        }
    }

    private void Live(int worker)
    {
        while (!_disposed)
        {
            long seen = TakeParts(worker);
            long until = Stopwatch.GetTimestamp() + LookOut;
            while (Volatile.Read(ref _ticket) == seen && !_disposed)
            {
                Thread.SpinWait(8);
                if (Stopwatch.GetTimestamp() > until)
                {
                    Sleep(seen);
                    break;
                }
            }
        }
    }

    private void Sleep(long seen)
    {
        Interlocked.Increment(ref _sleeping);
        if (Volatile.Read(ref _ticket) == seen || !TryDecrement(ref _sleeping))
        {
            _sleepers.Wait();
        }
    }

    private void Wake(int most)
    {
        int woken = 0;
        while (woken < most && TryDecrement(ref _sleeping))
        {
            woken++;
        }

        if (woken > 0)
        {
            _sleepers.Release(woken);
        }
    }

    /// <summary>Does parts until none is left, and tells the ticket that said so.</summary>
    private long TakeParts(int worker)
    {
        while (true)
        {
            long ticket = Volatile.Read(ref _ticket);
            IPartedWork? work = _work;
            uint part = (uint)ticket;
            if (part >= _parts || work is null)
            {
                return ticket;
            }

            // The run is still the one that was read when this succeeds, and cannot end before this part has.
            if (Interlocked.CompareExchange(ref _ticket, ticket + 1, ticket) == ticket)
            {
                Do(work, (int)part, worker);
            }
        }
    }

    private void Do(IPartedWork work, int part, int worker)
    {
        try
        {
            work.Do(part, worker);
        }
        catch (Exception exception)
        {
            Interlocked.CompareExchange(ref _failure, exception, null);
        }

        if (Interlocked.Increment(ref _completed) == _parts)
        {
            _finished.Set();
        }
    }

    private void AwaitOthers()
    {
        long until = Stopwatch.GetTimestamp() + LookOut;
        while (Volatile.Read(ref _completed) != _parts)
        {
            if (Stopwatch.GetTimestamp() < until)
            {
                Thread.SpinWait(8);
            }
            else
            {
                _finished.Wait();
                _finished.Reset(); // before looking again: the signal may be that of an earlier run
            }
        }
    }

    private static bool TryDecrement(ref int value)
    {
        int seen = Volatile.Read(ref value);
        while (seen > 0)
        {
            int now = Interlocked.CompareExchange(ref value, seen - 1, seen);
            if (now == seen)
            {
                return true;
            }

            seen = now;
        }

        return false;
    }
}
