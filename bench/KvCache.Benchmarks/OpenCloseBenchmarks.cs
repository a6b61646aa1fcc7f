using BenchmarkDotNet.Attributes;
using KvCache.Benchmarks.Baselines;
using KvCache.Memory;
using KvCache.Paged;

namespace KvCache.Benchmarks;

/// <summary>Open a sequence for a prompt that is not cached, reserve its memory, close it; 16 tokens a block.</summary>
public class OpenCloseBenchmarks
{
    private const int BlockTokens = 16;
    private const int Capacity = 100_000;
    private DictionaryManager _dictionary = null!;
    private PagedKvAllocator _allocator = null!;
    private int[] _prompt = null!;

    [Params(128, 1024, 8192)]
    public int Tokens { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _dictionary = new DictionaryManager(Capacity, BlockTokens);
        _allocator = new PagedKvAllocator(new PagedKvAllocatorOptions
        {
            Geometry = KvGeometry.Create(layers: 32, kvHeads: 8, headDim: 128),
            Device = new DryDevice(),
            BlockTokens = BlockTokens,
            BlockCount = Capacity,
        });
        _prompt = [.. Enumerable.Range(0, Tokens)];

        // Something is cached under the namespace, so that opening really looks.
        _allocator.TryOpen([.. Enumerable.Range(1, BlockTokens)], null, 0, out KvSequence? other, out _);
        using KvStep step = _allocator.BeginStep([new KvRow(other!, BlockTokens)]);
        step.Complete();
    }

    [GlobalCleanup]
    public void Cleanup() => _allocator.Dispose();

    [Benchmark(Baseline = true)]
    public int DictionaryOfLists()
    {
        int id = _dictionary.Open(_prompt);
        _dictionary.Close(id);
        return id;
    }

    [Benchmark]
    public int PagedKvAllocator()
    {
        if (!_allocator.TryOpen(_prompt, null, 0, out KvSequence? sequence, out KvRefusal refusal))
        {
            throw new InvalidOperationException($"Refused: {refusal}.");
        }

        int capacity = sequence.Capacity;
        sequence.Dispose();
        return capacity;
    }
}
