using System.Runtime.CompilerServices;
using KvCache.Attention.Elements;
using KvCache.Attention.Simd;

namespace KvCache.Attention;

/// <summary>A block of a row's queries against all positions before them, for one KV head: two matrix products a tile.</summary>
/// <remarks>
/// <para>Queries of a group stand side by side, token by token, so that a tile of keys and values is brought in once for all.
/// Scores are computed with positions as rows and queries as columns: softmax then needs no sums across a vector.
/// Tiles and parts of tiles that causality hides are not computed.</para>
/// <para>Blocks of the products go past the last position, query and dim, into what earlier tiles have left there: it reaches
/// only scores and sums that nobody reads.</para>
/// <para>Source: Dao, FlashAttention-2, algorithm 1, with powers of two.</para>
/// </remarks>
internal static unsafe class PrefillKernel<TSimd, TVector, TElement>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TElement : struct, IElement
{
    private const int Tile = PrefillScratch.Tile;

    private static int Panel => MatrixKernel<TSimd, TVector>.Columns;

    /// <summary>Attends with the step's tokens first … end − 1 of a row, for one KV head.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(in AttentionCall call, int row, int first, int end, int head, in PrefillScratch scratch)
    {
        byte** keys = stackalloc byte*[Tile];
        byte** values = stackalloc byte*[Tile];
        int queries = (end - first) * call.Group;
        int before = call.Lengths[row] - call.NewTokens(row);
        Begin(in call, call.QueryOffsets[row] + first, queries, head, in scratch);
        int visible = before + end;
        for (int tile = 0; tile < visible; tile += Tile)
        {
            int count = Math.Min(Tile, visible - tile);
            call.Locate(row, tile, count, keys, values);
            PackKeys(keys, (nint)(head * call.KeyHeadStride), count, call.KeyDim, scratch.Keys);
            PackValues(values, (nint)(head * call.ValueHeadStride), count, call.ValueDim, scratch.Values);
            for (int query = 0; query < queries; query++)
            {
                scratch.Limits[query] = before + first + (query / call.Group) + 1 - tile;
            }

            for (int panel = 0; panel < queries; panel += Panel)
            {
                AttendPanel(in call, panel, Math.Min(Panel, queries - panel), count, in scratch);
            }
        }

        Finish(in call, call.QueryOffsets[row] + first, queries, head, in scratch);
    }

    private static void Begin(in AttentionCall call, int token, int queries, int head, in PrefillScratch scratch)
    {
        int padded = (queries + Panel - 1) / Panel * Panel;
        for (int query = 0; query < queries; query++)
        {
            (int i, int member) = Math.DivRem(query, call.Group);
            float* source = call.Queries + ((token + i) * call.QueryStride) + ((nint)((head * call.Group) + member) * call.KeyDim);
            Transpose(source, call.QueryScale, scratch.Queries + ((nint)(query / Panel) * Panel * call.KeyDim) + (query % Panel), call.KeyDim);
        }

        new Span<float>(scratch.Limits, padded).Clear();
        new Span<float>(scratch.Largest, padded).Fill(float.NegativeInfinity);
        new Span<float>(scratch.Totals, padded).Clear();
        new Span<float>(scratch.Sums, padded * scratch.OutputStride).Clear();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transpose(float* query, float scale, float* column, int dim)
    {
        for (float* end = query + dim; query < end; query++, column += Panel)
        {
            *column = *query * scale;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackKeys(byte** keys, nint offset, int count, int dim, float* packed)
    {
        int whole = dim - (dim % TSimd.Width);
        for (int i = 0; i < count; i++, packed += dim)
        {
            byte* key = keys[i] + offset;
            for (int d = 0; d < whole; d += TSimd.Width)
            {
                TSimd.Store(TElement.Load<TSimd, TVector>(key + ((nint)d * TElement.Bytes)), packed + d);
            }

            for (int d = whole; d < dim; d++)
            {
                packed[d] = TElement.Load(key + ((nint)d * TElement.Bytes));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackValues(byte** values, nint offset, int count, int dim, float* packed)
    {
        int whole = dim - (dim % Panel);
        for (int i = 0; i < count; i++)
        {
            byte* value = values[i] + offset;
            float* target = packed + (i * Panel);
            for (int d = 0; d < whole; d += Panel, target += Tile * Panel)
            {
                TSimd.Store(TElement.Load<TSimd, TVector>(value + ((nint)d * TElement.Bytes)), target);
                TSimd.Store(TElement.Load<TSimd, TVector>(value + ((nint)(d + TSimd.Width) * TElement.Bytes)), target + TSimd.Width);
            }

            for (int d = whole; d < dim; d++)
            {
                target[d - whole] = TElement.Load(value + ((nint)d * TElement.Bytes));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AttendPanel(in AttentionCall call, int panel, int queries, int count, in PrefillScratch scratch)
    {
        float* limits = scratch.Limits + panel;
        count = Math.Min(count, (int)limits[queries - 1]);
        if (count <= 0)
        {
            return;
        }

        float* packed = scratch.Queries + ((nint)panel * call.KeyDim);
        for (int position = 0; position < count; position += MatrixKernel<TSimd, TVector>.Rows)
        {
            MatrixKernel<TSimd, TVector>.Multiply(
                scratch.Keys + ((nint)position * call.KeyDim), call.KeyDim, 1, packed, call.KeyDim, scratch.Scores + (position * Panel), Panel, null);
        }

        if (call.CapLog2E != 0)
        {
            SoftCap<TSimd, TVector>.Apply(scratch.Scores, count * Panel, call.CapLog2E);
        }

        Weigh(panel, 0, count, limits[0] < count, in scratch);
        Weigh(panel, TSimd.Width, count, limits[0] < count, in scratch);
        for (int query = 0; query < queries; query += MatrixKernel<TSimd, TVector>.Rows)
        {
            Accumulate(in call, panel, query, Math.Min(MatrixKernel<TSimd, TVector>.Rows, queries - query), count, in scratch);
        }
    }

    /// <summary>Adds a tile's weighted values to the sums of a block of queries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Accumulate(in AttentionCall call, int panel, int query, int rows, int count, in PrefillScratch scratch)
    {
        float* limits = scratch.Limits + panel + query;
        float* weights = scratch.Scores + query;
        float* sums = scratch.Sums + ((nint)(panel + query) * scratch.OutputStride);
        int seen = Math.Min(count, (int)limits[rows - 1]);
        int shared = Math.Clamp((int)limits[0], 0, count);
        for (int d = 0; d < call.ValueDim && seen > 0; d += Panel)
        {
            float* values = scratch.Values + ((nint)d * Tile);
            MatrixKernel<TSimd, TVector>.Multiply(
                weights, 1, Panel, values, shared, sums + d, scratch.OutputStride, scratch.Kept + query);

            // What only the later queries of the block may see, one by one: 0 × infinity would be NaN for the earlier.
            for (int position = shared; position < seen; position++)
            {
                for (int row = rows - 1; row >= 0 && limits[row] > position; row--)
                {
                    Scaling<TSimd, TVector>.Add(
                        values + (position * Panel), weights[(position * Panel) + row], sums + ((nint)row * scratch.OutputStride) + d, Panel);
                }
            }
        }
    }

    /// <summary>Turns a vector of queries' scores into weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Weigh(int panel, int column, int count, bool masked, in PrefillScratch scratch)
    {
        float* scores = scratch.Scores + column;
        float* state = scratch.Largest + panel + column;
        TVector before = TSimd.Load(state);
        TVector largest = before;
        if (masked)
        {
            TVector limit = TSimd.Load(scratch.Limits + panel + column);
            TVector hidden = TSimd.Create(float.NegativeInfinity);
            for (int i = 0; i < count; i++)
            {
                TVector score = TSimd.Select(TSimd.Less(TSimd.Create(i), limit), TSimd.Load(scores + ((nint)i * Panel)), hidden);
                TSimd.Store(score, scores + ((nint)i * Panel));
                largest = TSimd.Max(largest, score);
            }
        }
        else
        {
            for (int i = 0; i < count; i++)
            {
                largest = TSimd.Max(largest, TSimd.Load(scores + ((nint)i * Panel)));
            }
        }

        TVector total = default;
        for (int i = 0; i < count; i++)
        {
            TVector weight = Exponential.Exp2<TSimd, TVector>(TSimd.Subtract(TSimd.Load(scores + ((nint)i * Panel)), largest));
            TSimd.Store(weight, scores + ((nint)i * Panel));
            total = TSimd.Add(total, weight);
        }

        TVector kept = Exponential.Exp2<TSimd, TVector>(TSimd.Subtract(before, largest));
        TSimd.Store(kept, scratch.Kept + column);
        TSimd.Store(largest, state);
        float* totals = scratch.Totals + panel + column;
        TSimd.Store(TSimd.MultiplyAdd(TSimd.Load(totals), kept, total), totals);
    }

    private static void Finish(in AttentionCall call, int token, int queries, int head, in PrefillScratch scratch)
    {
        for (int query = 0; query < queries; query++)
        {
            (int i, int member) = Math.DivRem(query, call.Group);
            float* target = call.Output + ((token + i) * call.OutputStride) + ((nint)((head * call.Group) + member) * call.ValueDim);
            float* sums = scratch.Sums + ((nint)query * scratch.OutputStride);
            Scaling<TSimd, TVector>.Scale(sums, 1 / scratch.Totals[query], target, call.ValueDim);
        }
    }
}
