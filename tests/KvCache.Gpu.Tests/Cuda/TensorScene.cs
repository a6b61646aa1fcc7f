using KvCache.Gpu.Cuda;
using KvCache.Gpu.Kernels;
using KvCache.Gpu.Tests.Emulator;
using Xunit;
using Words = KvCache.Gpu.Tests.Emulator.Words;

namespace KvCache.Gpu.Tests.Cuda;

/// <summary>A case laid out in an emulated device's memory: pages in any order, NaN wherever the case has nothing.</summary>
internal sealed class TensorScene
{
    private const int SparePages = 3;
    private readonly GlobalMemory _memory = new();
    private readonly TensorCase _case;
    private readonly Random _random;
    private readonly int _pageTokens;
    private readonly int[] _pageTable;
    private readonly int _columns;
    private readonly ushort[] _keys;
    private readonly ushort[] _values;
    private readonly float[] _queries;
    private readonly long _pageStride;
    private readonly long _tokenStride;
    private readonly long _headStride;
    private readonly int _queryStride;

    public TensorScene(TensorCase drawn)
    {
        _case = drawn;
        _random = new Random(drawn.Seed);
        int longest = drawn.Rows.Max(static row => row.Cached + row.New);
        _pageTokens = drawn.PageTokens == 0 ? longest + 5 : drawn.PageTokens;
        _columns = (longest + _pageTokens - 1) / _pageTokens;
        int pages = (drawn.Rows.Length * _columns) + SparePages;
        int[] order = [.. Enumerable.Range(0, pages)];
        _random.Shuffle(order);
        _pageTable = Enumerable.Range(0, drawn.Rows.Length * _columns).Select(index => PageOf(index, order)).ToArray();
        (_tokenStride, _headStride) = drawn.HeadMajor ? (drawn.Dim, (long)_pageTokens * drawn.Dim) : (drawn.KvHeads * drawn.Dim, drawn.Dim);
        _pageStride = ((long)_pageTokens * drawn.KvHeads * drawn.Dim) + 8;
        _keys = Cache(pages);
        _values = Cache(pages);
        _queryStride = (drawn.QueryHeads * drawn.Dim) + drawn.Gap;
        _queries = [.. Enumerable.Range(0, Math.Max(1, drawn.Tokens) * _queryStride).Select(_ => (float)((_random.NextDouble() * 6) - 3))];
        Arguments = CreateArguments();
    }

    public TensorArguments Arguments { get; private set; }

    /// <summary>Runs what the case asks for and compares every head of every token.</summary>
    /// <param name="decode">The kernel for rows with one new token; null where they are left out.</param>
    /// <param name="prefill">The kernel for all others; null where they are left out.</param>
    /// <returns>The largest error.</returns>
    public double Check(PtxKernel? decode, PtxKernel? prefill)
    {
        TensorArguments arguments = Arguments;
        arguments.DecodedTokens = decode is null ? 0 : 1;
        int longest = _case.Rows.Where(static row => row.New == 1).Select(static row => row.Cached + 1).DefaultIfEmpty(0).Max();
        if (decode is not null && longest > 0)
        {
            TensorGrid grid = TensorGrid.OfDecode(ref arguments, _case.Dim, _case.KvHeads, new TensorSplit(64, _case.BusyBlocks, 128), longest);
            long parts = (long)arguments.Rows * arguments.QueryHeads * arguments.Segments;
            arguments.PartialSums = _memory.Allocate(parts * _case.Dim * sizeof(float));
            arguments.PartialScales = _memory.Allocate(parts * 2 * sizeof(float));
            Launch(decode, _case.DecodeVariant, grid, arguments);
            Combine(arguments);
        }

        if (prefill is not null && _case.Rows.Any(row => row.New > arguments.DecodedTokens))
        {
            TensorGrid grid = TensorGrid.OfPrefill(ref arguments, _case.KvHeads, _case.Tokens);
            Launch(prefill, _case.PrefillVariant!, grid, arguments);
        }

        return Compare(row => row.New == 0 || (row.New == 1 && decode is null && prefill is null) || (row.New > 1 && prefill is null));
    }

    private void Launch(PtxKernel kernel, TensorVariant variant, TensorGrid grid, TensorArguments arguments)
    {
        byte[] parameters = System.Runtime.InteropServices.MemoryMarshal.AsBytes(new ReadOnlySpan<TensorArguments>(in arguments)).ToArray();
        kernel.Run(new Launch(grid.X, grid.Y, 1, variant.MaxThreads, variant.SharedBytes, parameters, _memory));
    }

    /// <summary>What the combine kernel does.</summary>
    private void Combine(TensorArguments arguments)
    {
        Span<float> output = _memory.Contents<float>(arguments.Output);
        Span<float> sums = _memory.Contents<float>(arguments.PartialSums);
        Span<float> scales = _memory.Contents<float>(arguments.PartialScales);
        int token = 0;
        for (int row = 0; row < _case.Rows.Length; row++)
        {
            int segments = arguments.Plan.Segments(_case.Rows[row].Cached + _case.Rows[row].New);
            for (int head = 0; _case.Rows[row].New == 1 && segments > 1 && head < arguments.QueryHeads; head++)
            {
                int part = ((row * arguments.QueryHeads) + head) * arguments.Segments;
                double largest = double.NegativeInfinity;
                for (int segment = 0; segment < segments; segment++)
                {
                    largest = Math.Max(largest, scales[2 * (part + segment)]);
                }

                double total = 0;
                double[] sum = new double[_case.Dim];
                for (int segment = 0; segment < segments; segment++)
                {
                    double factor = Math.Pow(2, scales[2 * (part + segment)] - largest);
                    total += factor * scales[(2 * (part + segment)) + 1];
                    for (int d = 0; d < _case.Dim; d++)
                    {
                        sum[d] += factor * sums[((part + segment) * _case.Dim) + d];
                    }
                }

                for (int d = 0; d < _case.Dim; d++)
                {
                    output[(token * _queryStride) + (head * _case.Dim) + d] = (float)(sum[d] / total);
                }
            }

            token += _case.Rows[row].New;
        }
    }

    private double Compare(Func<(int Cached, int New), bool> leftOut)
    {
        Span<float> output = _memory.Contents<float>(Arguments.Output);
        double worst = 0;
        int token = 0;
        for (int row = 0; row < _case.Rows.Length; row++)
        {
            for (int i = 0; i < _case.Rows[row].New; i++, token++)
            {
                for (int head = 0; head < _case.QueryHeads; head++)
                {
                    double[] expected = Expected(row, token, head, _case.Rows[row].Cached + i + 1);
                    for (int d = 0; d < _case.Dim; d++)
                    {
                        float found = output[(token * _queryStride) + (head * _case.Dim) + d];
                        if (leftOut(_case.Rows[row]))
                        {
                            Assert.True(float.IsNaN(found), $"Row {row} was not asked for, and has an output.");
                            continue;
                        }

                        double error = Math.Abs(found - expected[d]);
                        worst = error <= worst ? worst : error;
                        Assert.True(
                            error <= _case.Tolerance,
                            $"{_case}: row {row}, token {token}, head {head}, element {d} is {found:R}; expected {expected[d]:R} ± {_case.Tolerance}.");
                    }
                }
            }

            AssertGap(output, token - 1);
        }

        return worst;
    }

    private void AssertGap(Span<float> output, int token)
    {
        for (int i = token < 0 ? _case.Gap : 0; i < _case.Gap; i++)
        {
            Assert.True(float.IsNaN(output[(token * _queryStride) + (_case.QueryHeads * _case.Dim) + i]), "Something was written between tokens.");
        }
    }

    private double[] Expected(int row, int token, int head, int seen)
    {
        double[] scores = new double[seen];
        double scale = 1 / Math.Sqrt(_case.Dim);
        for (int position = 0; position < seen; position++)
        {
            long key = Place(row, position, head / _case.Group);
            double product = 0;
            for (int d = 0; d < _case.Dim; d++)
            {
                product += (double)_queries[(token * _queryStride) + (head * _case.Dim) + d] * Words.Small(_keys[key + d], _case.IsBrain);
            }

            scores[position] = _case.SoftCap > 0 ? _case.SoftCap * Math.Tanh(product * scale / _case.SoftCap) : product * scale;
        }

        double largest = scores.Max();
        double total = 0;
        double[] sum = new double[_case.Dim];
        for (int position = 0; position < seen; position++)
        {
            double weight = Math.Exp(scores[position] - largest);
            total += weight;
            long value = Place(row, position, head / _case.Group);
            for (int d = 0; d < _case.Dim; d++)
            {
                sum[d] += weight * Words.Small(_values[value + d], _case.IsBrain);
            }
        }

        return Array.ConvertAll(sum, element => element / total);
    }

    private int PageOf(int index, int[] order)
    {
        (int row, int column) = (index / _columns, index % _columns);
        int used = (_case.Rows[row].Cached + _case.Rows[row].New + _pageTokens - 1) / _pageTokens;
        return column < used ? order[index] : -1;
    }

    private long Place(int row, int position, int kvHead) =>
        (_pageTable[(row * _columns) + (position / _pageTokens)] * _pageStride) + (position % _pageTokens * _tokenStride) + (kvHead * _headStride);

    private ushort[] Cache(int pages)
    {
        ushort[] cache = new ushort[pages * _pageStride];
        Array.Fill(cache, (ushort)0xFFFF);
        for (int row = 0; row < _case.Rows.Length; row++)
        {
            for (int position = 0; position < _case.Rows[row].Cached + _case.Rows[row].New; position++)
            {
                for (int head = 0; head < _case.KvHeads; head++)
                {
                    foreach (ref ushort element in cache.AsSpan((int)Place(row, position, head), _case.Dim))
                    {
                        element = (ushort)Words.SmallBits((float)((_random.NextDouble() * 2) - 1), _case.IsBrain);
                    }
                }
            }
        }

        return cache;
    }

    private TensorArguments CreateArguments()
    {
        int[] lengths = [.. _case.Rows.Select(static row => row.Cached + row.New)];
        int[] offsets = [0, .. _case.Rows.Select((_, index) => _case.Rows.Take(index + 1).Sum(static row => row.New))];
        float scale = 1 / MathF.Sqrt(_case.Dim);
        return new TensorArguments
        {
            Keys = _memory.Allocate<ushort>(_keys),
            Values = _memory.Allocate<ushort>(_values),
            PageTable = _memory.Allocate<int>(_pageTable),
            Lengths = _memory.Allocate<int>(lengths),
            QueryOffsets = _memory.Allocate<int>(offsets),
            Queries = _memory.Allocate<float>(_queries),
            Output = _memory.Allocate((long)_queries.Length * sizeof(float)),
            KeyPageStride = _pageStride * 2,
            KeyTokenStride = _tokenStride * 2,
            KeyHeadStride = _headStride * 2,
            ValuePageStride = _pageStride * 2,
            ValueTokenStride = _tokenStride * 2,
            ValueHeadStride = _headStride * 2,
            QueryStride = _queryStride,
            OutputStride = _queryStride,
            QueryScale = _case.SoftCap > 0 ? scale / _case.SoftCap : scale * Softmax.Log2E,
            CapLog2E = _case.SoftCap * Softmax.Log2E,
            PageTableRowStride = _columns,
            PageShift = _case.PageTokens == 0 ? 31 : System.Numerics.BitOperations.Log2((uint)_pageTokens),
            Rows = _case.Rows.Length,
            QueryHeads = _case.QueryHeads,
            Group = _case.Group,
        };
    }
}
