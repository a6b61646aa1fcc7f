namespace KvCache.Steps;

/// <summary>Catches two threads inside one allocator at the same time, in debug builds; nothing at all in release builds.</summary>
internal sealed class OwnerGuard
{
#if DEBUG
    private int _thread;
    private int _depth;
#endif

    public Scope Enter()
    {
#if DEBUG
        int thread = Environment.CurrentManagedThreadId;
        int owner = Interlocked.CompareExchange(ref _thread, thread, 0);
        if (owner != 0 && owner != thread)
        {
            Throw.InvalidOperation(
                $"Thread {thread} entered an allocator that thread {owner} is using; an allocator has one owner thread at a time.");
        }

        _depth++;
#endif
        return new Scope(this);
    }

#if DEBUG
    private void Leave()
    {
        if (--_depth == 0)
        {
            Volatile.Write(ref _thread, 0);
        }
    }
#endif

    /// <summary>The time that a thread is inside.</summary>
    internal readonly ref struct Scope(OwnerGuard guard)
    {
#if DEBUG
        public void Dispose() => guard.Leave();
#else
        public void Dispose() => _ = guard;
#endif
    }
}
