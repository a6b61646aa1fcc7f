using BenchmarkDotNet.Attributes;
using KvCache.Benchmarks.Baselines;
using KvCache.Blocks;

namespace KvCache.Benchmarks;

/// <summary>Take, add an owner, let both go: per block, on a pool of 100,000 whose idle blocks stand in shuffled order.</summary>
public class BlockPoolBenchmarks
{
    private const int Capacity = 100_000;
    private const int BlocksPerInvocation = 4096;
    private BlockPool _pool = null!;
    private QueuePool _queue = null!;
    private int[] _blocks = null!;

    [Params(1, 16, 256, 4096)]
    public int Batch { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _pool = new BlockPool(Capacity, new LeastRecentlyUsed());
        int[] all = new int[Capacity];
        if (!_pool.TryTake(all))
        {
            throw new InvalidOperationException("The pool is smaller than its capacity.");
        }

        // In a shuffled order, as after a while in service: neighbours in the queue are not neighbours in memory.
        new Random(1).Shuffle(all);
        _pool.Release(all);
        _queue = new QueuePool(all.Reverse());
        _blocks = new int[Batch];
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = BlocksPerInvocation)]
    public void QueueAndDictionary()
    {
        for (int i = 0; i < BlocksPerInvocation; i += Batch)
        {
            _queue.TryTake(_blocks);
            _queue.AddReference(_blocks);
            _queue.Release(_blocks);
            _queue.Release(_blocks);
        }
    }

    [Benchmark(OperationsPerInvoke = BlocksPerInvocation)]
    public void BlockPool()
    {
        for (int i = 0; i < BlocksPerInvocation; i += Batch)
        {
            _pool.TryTake(_blocks);
            _pool.AddReference(_blocks);
            _pool.Release(_blocks);
            _pool.Release(_blocks);
        }
    }
}
