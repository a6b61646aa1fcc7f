using System.Diagnostics;
using KvCache;

namespace Replay.Prefixes;

/// <summary>Takes one prompt after another through the manager, and measures the time inside it.</summary>
internal sealed class PrefixCache(IKvAllocator allocator)
{
    private KvSequence? _open;
    private long _ticks;

    public double ManagerMilliseconds => Stopwatch.GetElapsedTime(0, _ticks).TotalMilliseconds;

    /// <summary>Gets how many prompts were refused.</summary>
    public long Refused { get; private set; }

    /// <summary>Frees the prompt before, opens this one and computes it.</summary>
    /// <returns>How many of its tokens were found in the cache.</returns>
    public int Replay(ReadOnlySpan<int> prompt)
    {
        long start = Stopwatch.GetTimestamp();
        int hit = 0;
        _open?.Dispose();
        if (allocator.TryOpen(prompt, options: null, reserve: 0, out _open, out _))
        {
            hit = _open.HitLength;
            using KvStep step = allocator.BeginStep([new KvRow(_open, _open.UncomputedLength)]);
            step.Complete();
        }
        else
        {
            Refused++;
        }

        _ticks += Stopwatch.GetTimestamp() - start;
        return hit;
    }

    /// <summary>Frees the last prompt and forgets everything, outside the measured time.</summary>
    public void Clear()
    {
        _open?.Dispose();
        _open = null;
        if (!allocator.TryClear())
        {
            throw new InvalidOperationException($"The cache cannot be cleared: {allocator.Usage}.");
        }
    }
}
