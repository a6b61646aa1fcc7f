using KvCache.Memory;

namespace KvCache.Blocks;

/// <summary>Blocks given back while work that may read them was open or running; they wait for it, last block first.</summary>
/// <remarks>
/// Steps are numbered in order. A block waits for every step that had begun when it was given back; a step counts as
/// passed when its own fence and those of all steps before it have passed, on whatever timelines they are. Amortised O(1)
/// per block, no allocation in steady state. One owner thread.
/// </remarks>
internal sealed class RetiredBlocks(BlockPool pool)
{
    private readonly Queue<KvFence> _running = new();
    private readonly Queue<int> _blocks = new();
    private readonly Queue<(long Step, int Count)> _segments = new();
    private long _begun;
    private bool _stepOpen;

    public int Count => _blocks.Count;

    /// <summary>Gets a value indicating whether a step is open or running, so that blocks given back now must wait.</summary>
    public bool MustWait
    {
        get
        {
            DropPassed();
            return _stepOpen || _running.Count > 0;
        }
    }

    public void BeginStep()
    {
        _begun++;
        _stepOpen = true;
    }

    public void EndStep(KvFence fence)
    {
        _stepOpen = false;

        // Steps that give nothing back would add up here.
        DropPassed();
        _running.Enqueue(fence);
    }

    /// <summary>Takes an owner from each block, last block first; while a step may read them they stay out of reach.</summary>
    public void Release(ReadOnlySpan<int> blocks)
    {
        // Behind blocks that wait, also those that need not: the order of giving back is the order of eviction.
        if (Count > 0 || MustWait)
        {
            Retire(blocks);
        }
        else
        {
            pool.Release(blocks);
        }
    }

    /// <summary>Retires blocks until every step begun so far has passed.</summary>
    public void Retire(ReadOnlySpan<int> blocks)
    {
        for (int i = blocks.Length - 1; i >= 0; i--)
        {
            pool.Retire(blocks[i]);
            _blocks.Enqueue(blocks[i]);
        }

        _segments.Enqueue((_begun, blocks.Length));
    }

    /// <summary>Settles the blocks that have nothing to wait for any more, oldest first.</summary>
    public void Collect()
    {
        DropPassed();
        long passed = _begun - _running.Count - (_stepOpen ? 1 : 0);
        while (_segments.TryPeek(out (long Step, int Count) segment) && segment.Step <= passed)
        {
            _segments.Dequeue();
            for (int i = 0; i < segment.Count; i++)
            {
                pool.Settle(_blocks.Dequeue());
            }
        }
    }

    /// <summary>Gets the number of the last step that has ended; steps count from 1.</summary>
    public long Ended => _begun - (_stepOpen ? 1 : 0);

    /// <summary>Answers whether a step that has ended, and all before it, have passed.</summary>
    public bool HavePassed(long step)
    {
        DropPassed();
        return step <= Ended - _running.Count;
    }

    /// <summary>Blocks the thread until a step that has ended, and all before it, have passed.</summary>
    public void WaitFor(long step)
    {
        while (!HavePassed(step))
        {
            _running.Peek().Wait();
        }
    }

    /// <summary>Blocks the thread until every step that has ended has passed.</summary>
    public void WaitForSteps()
    {
        foreach (KvFence fence in _running)
        {
            fence.Wait();
        }
    }

    /// <summary>The blocks that wait, for integrity checks.</summary>
    internal IEnumerable<int> Blocks => _blocks;

    /// <summary>The number of blocks that the segments speak for, for integrity checks.</summary>
    internal int SegmentBlocks => _segments.Sum(segment => segment.Count);

    private void DropPassed()
    {
        while (_running.TryPeek(out KvFence fence) && fence.HasPassed)
        {
            _running.Dequeue();
        }
    }
}
