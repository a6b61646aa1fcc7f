using KvCache.Benchmarks.Baselines;
using KvCache.Benchmarks.Workloads;

namespace KvCache.Benchmarks.Contestants;

/// <summary>Only reads a layer's keys and values, page by page as they lie: how fast attention could be if it cost nothing else.</summary>
internal sealed class ReadContestant : Contestant
{
    // A thread that is held up by somebody else leaves the rest to the others.
    private const int PagesPerTurn = 4;
    private readonly AttentionCache _cache;
    private readonly MemoryStreams _streams;
    private readonly ThreadTeam _team;
    private readonly Action<int> _read;
    private readonly int[] _pages;
    private readonly uint[] _sums;
    private int _turns;
    private KvLayerView _view;

    /// <summary>Borrows a cache.</summary>
    public ReadContestant(string name, AttentionShape shape, AttentionCache cache, MemoryStreams streams, int threads)
        : base(name, shape, cache.ElementType)
    {
        _cache = cache;
        _streams = streams;
        _team = new ThreadTeam(threads);
        _read = Read;
        _sums = new uint[threads];
        _pages = [.. Enumerable.Range(0, shape.Rows).SelectMany(row => cache.Views[0].UsedPages(row).ToArray())];
    }

    public override double OperationsPerCall => 0;

    public override ReadOnlySpan<float> Output => [];

    public override void Dispose() => _team.Dispose();

    protected override void Run(int layer)
    {
        _view = _cache.Views[layer];
        _turns = 0;
        _team.Run(_read);
    }

    private void Read(int thread)
    {
        (nint keyBase, nint valueBase) = (_view.KeyBase, _view.ValueBase);
        long stride = _view.KeyPageStride;
        uint sum = 0;
        for (int first; (first = (Interlocked.Increment(ref _turns) - 1) * PagesPerTurn) < _pages.Length;)
        {
            foreach (int page in _pages.AsSpan(first, Math.Min(PagesPerTurn, _pages.Length - first)))
            {
                nint keys = keyBase + (nint)(page * stride);
                nint values = valueBase + (nint)(page * stride);
                sum += _streams == MemoryStreams.Two
                    ? MemoryReader.SumInTwo(keys, values, stride)
                    : MemoryReader.SumInFour(keys, values, stride);
            }
        }

        _sums[thread] = sum;
    }
}
