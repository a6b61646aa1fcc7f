using KvCache.Memory;

namespace KvCache.Blocks;

/// <summary>Blocks given back while work that may read them was open or running, each waiting for a fence; last block first.</summary>
/// <remarks>
/// The step that is open has no fence yet: blocks retired during it wait for the fence recorded at its end. Amortised
/// O(1) per block. One owner thread.
/// </remarks>
internal sealed class RetiredBlocks(BlockPool pool)
{
    private readonly Queue<int> _blocks = new();
    private readonly Queue<(KvFence Fence, int Count)> _segments = new();
    private int _open;

    public int Count => _blocks.Count;

    /// <summary>Retires blocks until the open step's fence passes.</summary>
    public void RetireIntoOpenStep(ReadOnlySpan<int> blocks)
    {
        Retire(blocks);
        _open += blocks.Length;
    }

    /// <summary>Retires blocks until a fence passes.</summary>
    public void Retire(ReadOnlySpan<int> blocks, KvFence fence)
    {
        Retire(blocks);
        _segments.Enqueue((fence, blocks.Length));
    }

    /// <summary>Gives the blocks retired during the step that ends now the fence they wait for.</summary>
    public void CloseStep(KvFence fence)
    {
        if (_open > 0)
        {
            _segments.Enqueue((fence, _open));
            _open = 0;
        }
    }

    /// <summary>Settles the blocks whose fences have passed, oldest first.</summary>
    public void Collect()
    {
        while (_segments.TryPeek(out (KvFence Fence, int Count) segment) && segment.Fence.HasPassed)
        {
            _segments.Dequeue();
            for (int i = 0; i < segment.Count; i++)
            {
                pool.Settle(_blocks.Dequeue());
            }
        }
    }

    /// <summary>Blocks until every recorded fence has passed.</summary>
    public void WaitAll()
    {
        foreach ((KvFence fence, _) in _segments)
        {
            fence.Wait();
        }
    }

    /// <summary>The blocks that wait, for integrity checks.</summary>
    internal IEnumerable<int> Blocks => _blocks;

    /// <summary>The number of blocks that the segments speak for, for integrity checks.</summary>
    internal int SegmentBlocks => _segments.Sum(segment => segment.Count) + _open;

    private void Retire(ReadOnlySpan<int> blocks)
    {
        for (int i = blocks.Length - 1; i >= 0; i--)
        {
            pool.Retire(blocks[i]);
            _blocks.Enqueue(blocks[i]);
        }
    }
}
