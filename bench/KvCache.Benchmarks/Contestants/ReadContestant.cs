using KvCache.Benchmarks.Baselines;
using KvCache.Benchmarks.Workloads;

namespace KvCache.Benchmarks.Contestants;

/// <summary>Only reads a layer's keys and values, page by page as they lie: how fast attention could be if it cost nothing else.</summary>
internal sealed class ReadContestant : Contestant
{
    // A thread that is held up by somebody else leaves the rest to the others.
    private const int TokensPerTurn = 64;
    private readonly AttentionCache _cache;
    private readonly MemoryStreams _streams;
    private readonly ThreadTeam _team;
    private readonly Action<int> _read;
    private readonly (long Keys, long Values)[] _parts;
    private readonly long _partBytes;
    private readonly int _partsPerTurn;
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
        KvLayerView view = cache.Views[0];
        int partTokens = Math.Min(TokensPerTurn, view.TokensPerPage);
        if (shape.Context % partTokens != 0 || view.KeyTokenStride != view.ValueTokenStride)
        {
            throw new ArgumentException($"{shape} cannot be read in parts of {partTokens} tokens.", nameof(shape));
        }

        _partsPerTurn = TokensPerTurn / partTokens;
        _partBytes = partTokens * view.KeyTokenStride;
        _parts = [.. Enumerable.Range(0, shape.Rows * (shape.Context / partTokens)).Select(part => PartOf(view, part, partTokens, shape.Context))];
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

    /// <summary>Where some tokens begin, from page 0 on.</summary>
    private static (long Keys, long Values) PartOf(KvLayerView view, int part, int tokens, int context)
    {
        (int row, int position) = Math.DivRem(part * tokens, context);
        (int column, int offset) = Math.DivRem(position, view.TokensPerPage);
        int page = view.UsedPages(row)[column];
        return ((page * view.KeyPageStride) + (offset * view.KeyTokenStride), (page * view.ValuePageStride) + (offset * view.ValueTokenStride));
    }

    private void Read(int thread)
    {
        (nint keyBase, nint valueBase) = (_view.KeyBase, _view.ValueBase);
        uint sum = 0;
        for (int first; (first = (Interlocked.Increment(ref _turns) - 1) * _partsPerTurn) < _parts.Length;)
        {
            foreach ((long keys, long values) in _parts.AsSpan(first, Math.Min(_partsPerTurn, _parts.Length - first)))
            {
                sum += _streams == MemoryStreams.Two
                    ? MemoryReader.SumInTwo(keyBase + (nint)keys, valueBase + (nint)values, _partBytes)
                    : MemoryReader.SumInFour(keyBase + (nint)keys, valueBase + (nint)values, _partBytes);
            }
        }

        _sums[thread] = sum;
    }
}
