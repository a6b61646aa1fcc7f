using KvCache.Serving.CostModels.Tables;

namespace KvCache.Serving.CostModels;

/// <summary>A step costs what its kernels were measured to take on some device, interpolated between the measured sizes.</summary>
/// <remarks>
/// <para>One step is embedding + layers × (2 layernorm + attention + every other dense layer once) + final_layernorm + lm_head + sampler.
/// Dense layers are interpolated linearly in the step's tokens, lm_head and sampler in the rows that yield a token, attention
/// multilinearly in its four axes: the prefill rows' tokens, their mean context, the number of decode rows, their mean context.
/// A mixed batch outside the table is the sum of its prefill rows alone and its decode rows alone.</para>
/// <para>Outside the measured sizes: below the smallest, a kernel takes what it takes at the smallest, and nothing at 0. Beyond the
/// largest, time goes on growing as it did over the upper half of the sizes, and never shrinks. More prefill tokens than the longest
/// measured chunk are several chunks, those of one row behind each other, since attention grows with the square. A combination
/// that was not measured is, in a mixed batch, the sum of its parts; otherwise its neighbours along the context lead to it.</para>
/// <para>The tables' form is that of LLMServingSim's profiler (casys-kaist/LLMServingSim, MIT). An estimate costs O(rows) to sum them up,
/// and O(1) beyond that. Times are rounded to 100 ns.</para>
/// </remarks>
public sealed class TableCostModel : ICostModel
{
    private const string Embedding = "embedding";
    private const string FinalNorm = "final_layernorm";
    private const string Norm = "layernorm";
    private const string Head = "lm_head";
    private const string Sampler = "sampler";
    private static readonly string[] Dense = [Embedding, FinalNorm, Norm, "qkv_proj", "rotary_emb", "o_proj", "gate_up_proj", "act_fn", "down_proj"];
    private readonly int _layers;
    private readonly TimeCurve _before;
    private readonly TimeCurve _layer;
    private readonly TimeCurve _afterTokens;
    private readonly TimeCurve _afterRows;
    private readonly AttentionTable _attention;

    private TableCostModel(int layers, LayerTable dense, LayerTable perSequence, AttentionTable attention)
    {
        _layers = layers;
        _before = dense.Sum((Embedding, 1));
        _layer = dense.SumExcept([Embedding, FinalNorm], new Dictionary<string, int> { [Norm] = 2 });
        _afterTokens = dense.Sum((FinalNorm, 1));
        _afterRows = perSequence.Sum((Head, 1), (Sampler, 1));
        _attention = attention;
    }

    /// <summary>Reads measured tables.</summary>
    /// <param name="folder">
    /// The folder with <c>dense.csv</c> (layer, tokens, time_us), <c>per_sequence.csv</c> (layer, sequences, time_us) and
    /// <c>attention.csv</c> (prefill_chunk, kv_prefill, n_decode, kv_decode, time_us), in microseconds of one layer. Columns may be
    /// in any order, and others beside them; dense layers of other names run once in every layer.
    /// </param>
    /// <param name="layers">The model's layers; at least 1.</param>
    /// <returns>The model.</returns>
    /// <exception cref="Text.MalformedFileException">A table cannot be read or is not as expected.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="layers"/> is below 1.</exception>
    public static TableCostModel Load(string folder, int layers)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentOutOfRangeException.ThrowIfLessThan(layers, 1);
        return new TableCostModel(
            layers,
            LayerTable.Read(Path.Combine(folder, "dense.csv"), "tokens", Dense),
            LayerTable.Read(Path.Combine(folder, "per_sequence.csv"), "sequences", Head, Sampler),
            AttentionTable.Read(Path.Combine(folder, "attention.csv")));
    }

    /// <inheritdoc />
    public StepCost Estimate(in StepWork work)
    {
        long prefillContext = 0;
        long decodeContext = 0;
        foreach (RowWork row in work.Rows)
        {
            prefillContext += row.IsDecode ? 0 : row.Context;
            decodeContext += row.IsDecode ? row.Context : 0;
        }

        int prefillRows = work.Rows.Length - work.DecodeRows;
        double attention = _attention.At(
            work.PrefillTokens,
            prefillRows,
            (double)prefillContext / Math.Max(1, prefillRows),
            work.DecodeRows,
            (double)decodeContext / Math.Max(1, work.DecodeRows));
        return new StepCost(
            Time(_before.At(work.Tokens)),
            _layers,
            Time(_layer.At(work.Tokens) + attention),
            Time(_afterTokens.At(work.Tokens) + _afterRows.At(work.SampledRows)));
    }

    private static TimeSpan Time(double microseconds) =>
        TimeSpan.FromTicks((long)Math.Round(microseconds * TimeSpan.TicksPerMicrosecond));
}
