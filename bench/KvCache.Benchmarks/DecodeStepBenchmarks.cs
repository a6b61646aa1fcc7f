using BenchmarkDotNet.Attributes;
using KvCache.Benchmarks.Baselines;
using KvCache.Memory;
using KvCache.Paged;

namespace KvCache.Benchmarks;

/// <summary>
/// All bookkeeping of a decode step, per sequence: append the token, begin the step, enter and leave every layer, complete.
/// Contexts of 4,096 tokens at 16 a block, 32 layers; pools that have been through all their blocks, and that are larger
/// than asked for where the batch would not fit.
/// </summary>
public class DecodeStepBenchmarks
{
    private const int BlockTokens = 16;
    private const int Layers = 32;
    private const int Context = 4096;
    private const int Generated = 256;
    private const int StepsPerInvocation = 64;
    private const int SequenceStepsPerInvocation = 256 * StepsPerInvocation;
    private DictionaryManager _dictionary = null!;
    private PagedKvAllocator _allocator = null!;
    private KvRow[] _rows = null!;
    private int[] _ids = null!;
    private int _length;
    private int _baselineLength;

    [Params(1, 32, 256)]
    public int Sequences { get; set; }

    [Params(1_000, 100_000, 1_000_000)]
    public int Blocks { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _allocator = new PagedKvAllocator(new PagedKvAllocatorOptions
        {
            Geometry = KvGeometry.Create(Layers, kvHeads: 8, headDim: 128),
            Device = new DryDevice(),
            BlockTokens = BlockTokens,
            BlockCount = Math.Max(Blocks, Sequences * ((Context + Generated) / BlockTokens)),
        });
        UseAllBlocksOnce();
        _dictionary = new DictionaryManager(_allocator.Usage.TotalBlocks, BlockTokens);
        _length = _baselineLength = Context;
        _rows = new KvRow[Sequences];
        _ids = new int[Sequences];
        Random random = new(1);
        for (int i = 0; i < Sequences; i++)
        {
            int[] prompt = new int[Context];
            foreach (ref int token in prompt.AsSpan())
            {
                token = random.Next(128_000);
            }

            if (!_allocator.TryOpen(prompt, null, 0, out KvSequence? sequence, out KvRefusal refusal))
            {
                throw new InvalidOperationException($"Refused: {refusal}.");
            }

            _rows[i] = new KvRow(sequence, Context);
            _ids[i] = _dictionary.Open(prompt);
        }

        using (KvStep step = _allocator.BeginStep(_rows))
        {
            step.Complete();
        }

        for (int i = 0; i < Sequences; i++)
        {
            _rows[i] = _rows[i] with { TokenCount = 1 };
        }
    }

    [GlobalCleanup]
    public void Cleanup() => _allocator.Dispose();

    [Benchmark(Baseline = true, OperationsPerInvoke = SequenceStepsPerInvocation)]
    public int DictionaryOfLists()
    {
        int pages = 0;
        for (int step = 0; step < SequenceStepsPerInvocation / Sequences; step++)
        {
            foreach (int id in _ids)
            {
                _dictionary.Append(id, step);
            }

            pages += _dictionary.BuildPageTable(_ids).GetLength(1);
            if (++_baselineLength % Generated == 0)
            {
                foreach (int id in _ids)
                {
                    _dictionary.Truncate(id, _baselineLength - Generated);
                }

                _baselineLength -= Generated;
            }
        }

        return pages;
    }

    [Benchmark(OperationsPerInvoke = SequenceStepsPerInvocation)]
    public int PagedKvAllocator()
    {
        int pages = 0;
        for (int i = 0; i < SequenceStepsPerInvocation / Sequences; i++)
        {
            foreach (KvRow row in _rows)
            {
                if (!row.Sequence.TryAppend([i], out KvRefusal refusal))
                {
                    throw new InvalidOperationException($"Refused: {refusal}.");
                }
            }

            using (KvStep step = _allocator.BeginStep(_rows))
            {
                for (int layer = 0; layer < Layers; layer++)
                {
                    KvLayerView view = step.Enter(layer);
                    pages += view.Layer;
                    step.Leave(layer);
                }

                step.Complete();
            }

            if (++_length % Generated == 0)
            {
                foreach (KvRow row in _rows)
                {
                    row.Sequence.Truncate(_length - Generated);
                }

                _length -= Generated;
            }
        }

        return pages;
    }

    private void UseAllBlocksOnce()
    {
        int blocks = _allocator.Usage.TotalBlocks;
        if (!_allocator.TryOpen([], null, blocks * BlockTokens, out KvSequence? all, out KvRefusal refusal))
        {
            throw new InvalidOperationException($"Refused: {refusal}.");
        }

        all.Dispose();
    }
}
