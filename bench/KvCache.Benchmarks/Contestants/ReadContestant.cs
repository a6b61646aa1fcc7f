using KvCache.Benchmarks.Baselines;
using KvCache.Benchmarks.Workloads;

namespace KvCache.Benchmarks.Contestants;

/// <summary>Only reads a layer's keys and values, page by page as they lie: how fast attention could be if it cost nothing else.</summary>
internal sealed class ReadContestant : Contestant
{
    private readonly AttentionCache _cache;
    private readonly bool _sideBySide;
    private readonly ThreadTeam _team;
    private readonly Action<int> _read;
    private readonly uint[] _sums;
    private KvLayerView _view;

    /// <summary>Borrows a cache.</summary>
    public ReadContestant(string name, AttentionShape shape, AttentionCache cache, bool sideBySide, int threads)
        : base(name, shape, cache.ElementType)
    {
        _cache = cache;
        _sideBySide = sideBySide;
        _team = new ThreadTeam(threads);
        _read = Read;
        _sums = new uint[threads];
    }

    public override double OperationsPerCall => 0;

    public override ReadOnlySpan<float> Output => [];

    protected override void Run(int layer)
    {
        _view = _cache.Views[layer];
        _team.Run(_read);
    }

    public override void Dispose() => _team.Dispose();

    private void Read(int thread)
    {
        KvLayerView view = _view;
        uint sum = 0;
        for (int row = 0; row < view.RowCount; row++)
        {
            ReadOnlySpan<int> pages = view.UsedPages(row);
            int first = pages.Length * thread / _team.Threads;
            foreach (int page in pages[first..(pages.Length * (thread + 1) / _team.Threads)])
            {
                nint keys = view.KeyBase + (nint)(page * view.KeyPageStride);
                nint values = view.ValueBase + (nint)(page * view.ValuePageStride);
                sum += _sideBySide
                    ? MemoryReader.SumTwo(keys, values, view.KeyPageStride)
                    : MemoryReader.Sum(keys, view.KeyPageStride) + MemoryReader.Sum(values, view.ValuePageStride);
            }
        }

        _sums[thread] = sum;
    }
}
