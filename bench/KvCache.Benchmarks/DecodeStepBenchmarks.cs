using BenchmarkDotNet.Attributes;
using KvCache.Benchmarks.Baselines;
using KvCache.Layerwise;
using KvCache.Memory;
using KvCache.Paged;

namespace KvCache.Benchmarks;

/// <summary>
/// All bookkeeping of a decode step, per sequence: append the token, begin the step, enter and leave every layer, complete.
/// Contexts of 4,096 tokens at 16 a block, 32 layers; pools that have been through all their blocks, and that are larger
/// than asked for where the batch would not fit. Layer-wise: all layers of all blocks on the device; and of more blocks than
/// fit it, of which all that are used are resident.
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
    private Contestant _paged = null!;
    private Contestant _whole = null!;
    private Contestant _resident = null!;
    private int[] _ids = null!;
    private int _baselineLength;

    [Params(1, 32, 256)]
    public int Sequences { get; set; }

    [Params(1_000, 100_000, 1_000_000)]
    public int Blocks { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        KvGeometry geometry = KvGeometry.Create(Layers, kvHeads: 8, headDim: 128);
        int blocks = Math.Max(Blocks, Sequences * ((Context + Generated) / BlockTokens));
        _paged = new Contestant(
            new PagedKvAllocator(new PagedKvAllocatorOptions
            {
                Geometry = geometry,
                Device = new DryDevice(),
                BlockTokens = BlockTokens,
                BlockCount = blocks,
            }),
            Sequences);
        LayerwiseKvAllocatorOptions layerwise = new()
        {
            Geometry = geometry,
            Device = new DryDevice(),
            HostMemory = new DryDevice(),
            DeviceBytes = geometry.BytesPerToken * BlockTokens * blocks,
            BlockTokens = BlockTokens,
            BlockCount = blocks,
        };
        _whole = new Contestant(new LayerwiseKvAllocator(layerwise), Sequences);
        int more = blocks + (blocks / 8);
        _resident = new Contestant(
            new LayerwiseKvAllocator(layerwise with
            {
                DeviceBytes = geometry.BytesPerToken * BlockTokens * (blocks + (blocks / 10)),
                HostBytes = geometry.BytesPerToken * BlockTokens * more,
                BlockCount = more,
            }),
            Sequences,
            useAllBlocks: false);
        _dictionary = new DictionaryManager(blocks, BlockTokens);
        _baselineLength = Context;
        _ids = [.. Enumerable.Range(0, Sequences).Select(i => _dictionary.Open(Contestant.Prompt(i)))];
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _paged.Dispose();
        _whole.Dispose();
        _resident.Dispose();
    }

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
    public int PagedKvAllocator() => _paged.Decode(SequenceStepsPerInvocation / Sequences);

    [Benchmark(OperationsPerInvoke = SequenceStepsPerInvocation)]
    public int LayerwiseKvAllocatorWhole() => _whole.Decode(SequenceStepsPerInvocation / Sequences);

    [Benchmark(OperationsPerInvoke = SequenceStepsPerInvocation)]
    public int LayerwiseKvAllocatorResident() => _resident.Decode(SequenceStepsPerInvocation / Sequences);

    /// <summary>A manager with its open sequences.</summary>
    private sealed class Contestant : IDisposable
    {
        private readonly IKvAllocator _allocator;
        private readonly KvRow[] _rows;
        private int _length = Context;

        public Contestant(IKvAllocator allocator, int sequences, bool useAllBlocks = true)
        {
            _allocator = allocator;
            if (useAllBlocks)
            {
                Open([], allocator.Usage.TotalBlocks * BlockTokens).Dispose();
            }

            _rows = new KvRow[sequences];
            for (int i = 0; i < sequences; i++)
            {
                _rows[i] = new KvRow(Open(Prompt(i), 0), Context);
            }

            Step();
            foreach (ref KvRow row in _rows.AsSpan())
            {
                row = row with { TokenCount = 1 };
            }
        }

        public static int[] Prompt(int seed)
        {
            Random random = new(seed);
            int[] prompt = new int[Context];
            foreach (ref int token in prompt.AsSpan())
            {
                token = random.Next(128_000);
            }

            return prompt;
        }

        public int Decode(int steps)
        {
            int pages = 0;
            for (int i = 0; i < steps; i++)
            {
                foreach (KvRow row in _rows)
                {
                    if (!row.Sequence.TryAppend([i], out KvRefusal refusal))
                    {
                        throw new InvalidOperationException($"Refused: {refusal}.");
                    }
                }

                pages += Step();
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

        public void Dispose() => _allocator.Dispose();

        private int Step()
        {
            int pages = 0;
            using KvStep step = _allocator.BeginStep(_rows);
            for (int layer = 0; layer < Layers; layer++)
            {
                KvLayerView view = step.Enter(layer);
                pages += view.Layer;
                step.Leave(layer);
            }

            step.Complete();
            return pages;
        }

        private KvSequence Open(int[] prompt, int reserve) => _allocator.TryOpen(prompt, null, reserve, out KvSequence? sequence, out KvRefusal refusal)
            ? sequence
            : throw new InvalidOperationException($"Refused: {refusal}.");
    }
}
