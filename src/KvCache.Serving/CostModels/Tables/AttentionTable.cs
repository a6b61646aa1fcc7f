using KvCache.Serving.Text;

namespace KvCache.Serving.CostModels.Tables;

/// <summary>Measured times of attention in one layer: over a prefill chunk and its context, and decode rows and theirs.</summary>
internal sealed class AttentionTable
{
    private static readonly string[] SizeNames = ["prefill_chunk", "kv_prefill", "n_decode", "kv_decode"];
    private readonly TimeGrid _prefill;
    private readonly TimeGrid _decode;
    private readonly TimeGrid _mixed;

    private AttentionTable(IReadOnlyDictionary<AttentionPoint, double> points)
    {
        _prefill = Grid(points, static point => point.IsPrefill, static point => [point.Chunk, point.ChunkContext]);
        _decode = Grid(points, static point => point.IsDecode, static point => [point.DecodeRows, point.DecodeContext]);
        _mixed = Grid(points, static point => point.IsMixed, static point => [point.Chunk, point.ChunkContext, point.DecodeRows, point.DecodeContext]);
        Complete(_prefill);
        Complete(_decode);
        for (int i = 0; i < _mixed.Count; i++)
        {
            if (double.IsNaN(_mixed[i]))
            {
                _mixed[i] = _prefill.At(_mixed.SizeAt(i, 0), _mixed.SizeAt(i, 1)) + _decode.At(_mixed.SizeAt(i, 2), _mixed.SizeAt(i, 3));
            }
        }
    }

    /// <summary>Reads a table.</summary>
    /// <param name="path">The file, with prefill_chunk, kv_prefill, n_decode, kv_decode and time_us.</param>
    public static AttentionTable Read(string path) => CsvFile.Read(path, "a table of measured times", static csv => Read(csv));

    /// <summary>Microseconds in one layer.</summary>
    /// <param name="prefillTokens">Tokens of all prefill rows.</param>
    /// <param name="prefillRows">Their number.</param>
    /// <param name="prefillContext">Their mean context.</param>
    /// <param name="decodeRows">The number of decode rows.</param>
    /// <param name="decodeContext">Their mean context.</param>
    public double At(int prefillTokens, int prefillRows, double prefillContext, int decodeRows, double decodeContext)
    {
        if (prefillTokens == 0)
        {
            return decodeRows == 0 ? 0 : _decode.At(decodeRows, decodeContext);
        }

        if (decodeRows == 0)
        {
            return Prefill(prefillTokens, prefillRows, prefillContext);
        }

        return _mixed.Reaches(prefillTokens, prefillContext, decodeRows, decodeContext)
            ? _mixed.At(prefillTokens, prefillContext, decodeRows, decodeContext)
            : Prefill(prefillTokens, prefillRows, prefillContext) + _decode.At(decodeRows, decodeContext);
    }

    /// <summary>More tokens than the longest chunk are several chunks; those of the same row are behind each other.</summary>
    private double Prefill(int tokens, int rows, double context)
    {
        int longest = _prefill.Axes[0][^1];
        if (tokens <= longest)
        {
            return _prefill.At(tokens, context);
        }

        int chunks = (tokens + longest - 1) / longest;
        double chunk = (double)tokens / chunks;
        double before = Math.Max(0, (((double)chunks / rows) - 1) / 2 * chunk);
        return chunks * _prefill.At(chunk, context + before);
    }

    private static AttentionTable Read(CsvReader csv)
    {
        int[] columns = [.. SizeNames.Select(csv.Column)];
        int timeColumn = csv.Column("time_us");
        Dictionary<AttentionPoint, double> points = [];
        while (csv.TryRead())
        {
            int Size(int column) => FieldNumbers.Count(csv.Field(columns[column]), SizeNames[column]);
            AttentionPoint point = AttentionPoint.Of(Size(0), Size(1), Size(2), Size(3));
            if (!point.IsPrefill && !point.IsDecode && !point.IsMixed)
            {
                throw new UnexpectedTextException("a prefill_chunk or an n_decode above 0");
            }

            if (!points.TryAdd(point, FieldNumbers.Microseconds(csv.Field(timeColumn), "time_us")))
            {
                throw new UnexpectedTextException("every combination of sizes once only");
            }
        }

        return points.Keys.Any(static point => point.IsPrefill) && points.Keys.Any(static point => point.IsDecode)
            ? new AttentionTable(points)
            : throw new UnexpectedTextException("rows with n_decode 0 and rows with prefill_chunk 0, found the end of the file");
    }

    private static TimeGrid Grid(
        IReadOnlyDictionary<AttentionPoint, double> points, Func<AttentionPoint, bool> isPart, Func<AttentionPoint, int[]> sizes)
    {
        (int[] Sizes, double Time)[] part = [.. points.Where(point => isPart(point.Key)).Select(point => (sizes(point.Key), point.Value))];
        int axes = sizes(default).Length;
        TimeGrid grid = new([.. Enumerable.Range(0, axes).Select(axis => part.Select(point => point.Sizes[axis]).Distinct().Order().ToArray())]);
        foreach ((int[] place, double time) in part)
        {
            grid[grid.IndexOf(place)] = time;
        }

        return grid;
    }

    /// <summary>Gives a point that was not measured the time that its neighbours along the context lead to.</summary>
    private static void Complete(TimeGrid grid)
    {
        int contexts = grid.Axes[1].Length;
        for (int first = 0; first < grid.Count; first += contexts)
        {
            IEnumerable<int> row = Enumerable.Range(first, contexts);
            TimeLine known = new([.. row.Where(i => !double.IsNaN(grid[i])).Select(i => KeyValuePair.Create(grid.SizeAt(i, 1), grid[i]))]);
            foreach (int i in row)
            {
                grid[i] = double.IsNaN(grid[i]) ? known.At(grid.SizeAt(i, 1)) : grid[i];
            }
        }
    }
}
