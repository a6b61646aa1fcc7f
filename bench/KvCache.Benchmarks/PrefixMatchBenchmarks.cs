using BenchmarkDotNet.Attributes;
using KvCache.Benchmarks.Baselines;
using KvCache.Memory;
using KvCache.Paged;

namespace KvCache.Benchmarks;

/// <summary>Find the cached prefix of a prompt, take references on it and give them back; 16 tokens a block.</summary>
public class PrefixMatchBenchmarks
{
    private const int BlockTokens = 16;
    private const int Capacity = 100_000;
    private readonly DictionaryPrefixes _dictionary = new(BlockTokens);
    private readonly QueuePool _queue = new(Capacity);
    private PagedKvAllocator _allocator = null!;
    private int[] _prompt = null!;
    private int[] _matched = null!;

    [Params(1024, 8192)]
    public int Tokens { get; set; }

    [Params(true, false)]
    public bool Hit { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        Random random = new(1);
        _allocator = new PagedKvAllocator(new PagedKvAllocatorOptions
        {
            Geometry = KvGeometry.Create(layers: 32, kvHeads: 8, headDim: 128),
            Device = new DryDevice(),
            BlockTokens = BlockTokens,
            BlockCount = Capacity,
        });
        _matched = new int[(Tokens / BlockTokens) + 1];

        // A cache with other contents in it, so that a miss has something to miss; the wanted prompt among them.
        for (int i = 0; i < 40_000 / (Tokens / BlockTokens); i++)
        {
            Publish(Draw(random, Tokens));
        }

        _prompt = Draw(random, Tokens + 1);
        if (Hit)
        {
            Publish(_prompt[..Tokens]);
        }
    }

    [GlobalCleanup]
    public void Cleanup() => _allocator.Dispose();

    [Benchmark(Baseline = true)]
    public int DictionaryOfLists()
    {
        int[] found = [.. _dictionary.Match(_prompt)];
        _queue.AddReference(found);
        _queue.Release(found);
        return found.Length;
    }

    [Benchmark]
    public int PrefixIndex()
    {
        PagedLedger ledger = _allocator.Ledger;
        int found = ledger.Index!.Match(KvNamespace.Default, _prompt, _matched.AsSpan(0, Tokens / BlockTokens));
        ledger.Pool.AddReference(_matched.AsSpan(0, found));
        ledger.Pool.Release(_matched.AsSpan(0, found));
        return found;
    }

    private static int[] Draw(Random random, int count)
    {
        int[] tokens = new int[count];
        foreach (ref int token in tokens.AsSpan())
        {
            token = random.Next(128_000);
        }

        return tokens;
    }

    private void Publish(int[] tokens)
    {
        if (!_allocator.TryOpen(tokens, null, 0, out KvSequence? sequence, out KvRefusal refusal))
        {
            throw new InvalidOperationException($"Refused: {refusal}.");
        }

        using (KvStep step = _allocator.BeginStep([new KvRow(sequence, tokens.Length)]))
        {
            step.Complete();
        }

        sequence.Dispose();
        int[] blocks = new int[tokens.Length / BlockTokens];
        if (!_queue.TryTake(blocks))
        {
            throw new InvalidOperationException("The baseline's pool is exhausted.");
        }

        _dictionary.Publish(tokens, blocks);
    }
}
