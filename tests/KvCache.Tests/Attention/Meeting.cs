using KvCache.Attention;

namespace KvCache.Tests.Attention;

/// <summary>Work whose parts end only when all have begun: each needs a thread of its own.</summary>
internal sealed class Meeting(int parts) : IPartedWork, IDisposable
{
    // Long enough for the busiest machine; only a thread that never comes makes anybody wait for it.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly CountdownEvent _missing = new(parts);
    private readonly int[] _workers = new int[parts];
    private int _late;

    /// <summary>Who did each part.</summary>
    public IReadOnlyList<int> Workers => _workers;

    /// <summary>Parts that waited for another one in vain.</summary>
    public int Late => _late;

    public void Do(int part, int worker)
    {
        _workers[part] = worker;
        _missing.Signal();
        if (!_missing.Wait(Patience))
        {
            Interlocked.Increment(ref _late);
        }
    }

    public void Dispose() => _missing.Dispose();
}
