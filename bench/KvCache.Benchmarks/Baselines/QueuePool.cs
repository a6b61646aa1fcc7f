namespace KvCache.Benchmarks.Baselines;

/// <summary>A block pool as one would write it first: a queue of free ids and a dictionary of reference counts.</summary>
internal sealed class QueuePool
{
    private readonly Queue<int> _free;
    private readonly Dictionary<int, int> _references = [];

    public QueuePool(int capacity)
        : this(Enumerable.Range(0, capacity))
    {
    }

    public QueuePool(IEnumerable<int> blocks) => _free = new Queue<int>(blocks);

    public int Available => _free.Count;

    public bool TryTake(Span<int> blocks)
    {
        if (blocks.Length > _free.Count)
        {
            return false;
        }

        foreach (ref int block in blocks)
        {
            block = _free.Dequeue();
            _references[block] = 1;
        }

        return true;
    }

    public void AddReference(ReadOnlySpan<int> blocks)
    {
        foreach (int block in blocks)
        {
            _references[block]++;
        }
    }

    public void Release(ReadOnlySpan<int> blocks)
    {
        foreach (int block in blocks)
        {
            if (--_references[block] == 0)
            {
                _references.Remove(block);
                _free.Enqueue(block);
            }
        }
    }
}
