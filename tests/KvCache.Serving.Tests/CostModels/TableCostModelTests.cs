using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using KvCache.Serving.CostModels;
using Xunit;

namespace KvCache.Serving.Tests.CostModels;

/// <summary>Kernel tables: interpolated as the naive way has it, and continued sensibly where nothing was measured.</summary>
public sealed class TableCostModelTests : IDisposable
{
    /// <summary>A time is rounded to 100 ns, and so is each of the layers' parts.</summary>
    private const double Rounding = 0.05 * (2 + KernelTables.Layers);
    private readonly KernelTables _tables = new();

    [Property(MaxTest = 300)]
    public Property Inside_the_table_it_is_the_naive_interpolation() => Prop.ForAll(
        Gen.Choose(0, 16).ToArbitrary(),
        Gen.Choose(1, 4).ToArbitrary(),
        Gen.Choose(0, 3).SelectMany(static rows => Gen.Choose(0, 64).ListOf(rows)).ToArbitrary(),
        (prefill, prefillRows, decodeContexts) =>
        {
            // A law without any symmetry, known at the measured sizes only.
            double Attention(int chunk, int context, int rows, int decodeContext) =>
                1 + Math.Sqrt(chunk * 7) + (chunk * Math.Sqrt(context)) + (rows * Math.Log(2 + decodeContext) * (chunk + 1));
            _tables.Attention = Attention;
            _tables.Dense = static (layer, tokens) => Math.Sqrt(tokens) * (layer + 1);
            _tables.Tokens = [1, 2, 5, 40];
            RowWork[] rows = Rows(prefill, prefillRows, decodeContexts);
            rows = [.. rows.Select((row, i) => row.IsDecode ? row : row with { Context = (prefill + (i * 13)) % 65 })];
            int tokens = rows.Sum(static row => row.Tokens);
            double expected = tokens == 0 ? 0 :
                (KernelTables.Layers * Naive(rows, Attention)) +
                NaiveTables.Interpolate([tokens], [_tables.Tokens], size => Enumerable.Range(0, 9).Sum(layer =>
                    Math.Sqrt(size[0]) * (layer + 1) * (layer < 2 ? 1 : layer == 2 ? 2 * KernelTables.Layers : KernelTables.Layers)));
            int sampled = rows.Count(static row => row.Samples);
            expected += sampled == 0 ? 0 : NaiveTables.Interpolate([sampled], [_tables.Rows], static size => 20 + size[0]);
            double actual = _tables.Load().Estimate(new StepWork(rows)).Total.TotalMicroseconds;
            return (Math.Abs(actual - expected) <= Rounding)
                .Label($"{string.Join(' ', rows)}: expected {expected}, found {actual}");
        });

    [Fact]
    public void A_step_is_cut_into_what_comes_before_between_and_after_the_layers()
    {
        RowWork[] rows = [new(4, 0, IsDecode: false, Samples: true)];

        StepCost cost = _tables.Load().Estimate(new StepWork(rows));

        Assert.Equal(KernelTables.Layers, cost.Layers);
        Assert.Equal(0 + 2, cost.Before.TotalMicroseconds, 0.1);
        Assert.Equal((2 * (2 + 2)) + (3 + 4 + 5 + 6 + 7 + 8) + (6 * 2) + (4 * 4 * 0.01), cost.PerLayer.TotalMicroseconds, 0.1);
        Assert.Equal(1 + 2 + 10 + 10 + 1, cost.After.TotalMicroseconds, 0.1);
    }

    [Fact]
    public void A_step_without_rows_costs_nothing() => Assert.Equal(TimeSpan.Zero, _tables.Load().Estimate(default).Total);

    [Fact]
    public void A_mixed_batch_outside_the_table_is_the_sum_of_its_parts()
    {
        _tables.Attention = static (chunk, _, rows, _) => chunk > 0 && rows > 0 ? 1 : 100;
        TableCostModel model = _tables.Load();
        RowWork[] decodes = Rows(0, 0, [.. Enumerable.Repeat(20, 4)]);
        RowWork[] prefill = Rows(8, 1, []);

        double mixed = Attention(model, [.. prefill, .. decodes]);

        Assert.Equal(200, mixed, 0.1);
        Assert.Equal(1, Attention(model, [.. prefill, .. decodes[..3]]), 0.1);
    }

    [Fact]
    public void Beyond_the_table_time_goes_on_as_over_the_upper_half_and_never_shrinks()
    {
        _tables.Tokens = [1, 10, 20, 39, 40];
        _tables.Dense = static (_, tokens) => tokens switch { 1 => 1, 10 => 10, 20 => 20, 39 => 5, _ => 30 };
        TableCostModel model = _tables.Load();
        Assert.Equal(30 + (0.5 * 60), Before(model, 100), 0.1);

        _tables.Dense = static (_, tokens) => 50 - tokens;
        Assert.Equal(10, Before(_tables.Load(), 100), 0.1);
    }

    [Fact]
    public void More_prefill_than_the_longest_chunk_is_several_chunks_behind_each_other()
    {
        TableCostModel model = _tables.Load();

        // 16 + 16 tokens: the second chunk has the first as its context.
        Assert.Equal(((16 * 16) + (16 * 32)) * 0.01, Attention(model, Rows(32, 1, [])), 0.2);

        // Two requests of 16 tokens each have none.
        Assert.Equal(2 * 16 * 16 * 0.01, Attention(model, Rows(32, 2, [])), 0.2);
    }

    [Fact]
    public void Points_that_were_not_measured_are_led_to_by_their_neighbours()
    {
        Func<int, int, int, int, double> law = _tables.Attention;
        _tables.Attention = (chunk, context, rows, decodeContext) =>
            (rows == 8 && decodeContext > 32) || (chunk == 16 && context == 16) || (chunk == 8 && rows == 3) ? double.NaN : law(chunk, context, rows, decodeContext);
        TableCostModel model = _tables.Load();

        Assert.Equal(law(0, 0, 8, 64), Attention(model, Rows(0, 0, [.. Enumerable.Repeat(64, 8)])), 0.2);
        Assert.Equal(law(16, 16, 0, 0), Attention(model, [new(16, 16, IsDecode: false, Samples: true)]), 0.2);
        Assert.Equal(law(8, 0, 3, 32), Attention(model, Rows(8, 1, [32, 32, 32])), 0.2);
    }

    [Property(MaxTest = 300)]
    public Property More_work_never_takes_less_time() => Prop.ForAll(
        Gen.Choose(0, 100).ToArbitrary(),
        Gen.Choose(0, 20).SelectMany(static rows => Gen.Choose(0, 200).ListOf(rows)).ToArbitrary(),
        Gen.Choose(0, 50).ToArbitrary(),
        (prefill, decodeContexts, more) =>
        {
            TableCostModel model = _tables.Load();
            TimeSpan Time(int tokens, IEnumerable<int> contexts) => model.Estimate(new StepWork(Rows(tokens, 1, [.. contexts]))).Total;
            TimeSpan less = Time(prefill, decodeContexts);
            TimeSpan rounding = TimeSpan.FromTicks(2 + KernelTables.Layers);
            return Time(prefill + more, decodeContexts) >= less - rounding
                && Time(prefill, decodeContexts.Select(context => context + more)) >= less - rounding
                && Time(prefill, decodeContexts.Concat(decodeContexts)) >= less - rounding;
        });

    /// <summary>Columns in another order, others beside them, a layer that only this model has.</summary>
    [Fact]
    public void Another_model_of_the_same_form_is_read()
    {
        TimeSpan before = _tables.Load().Estimate(new StepWork(Rows(4, 1, []))).PerLayer;
        string dense = File.ReadAllText(Path.Combine(_tables.Folder, "dense.csv"));
        IEnumerable<string> rows = dense.TrimEnd().Split('\n')[1..].Select(static row => row.Split(',')).Select(static row => $"{row[2]},x,\"{row[0]}\",{row[1]}.0");
        _tables.Write("dense.csv", "\uFEFFtime_us,device,layer,tokens\r\n" + string.Join("\r\n", rows) + "\r\n2.5,x,qk_norm,1\r\n2.5,x,qk_norm,64\r\n\r\n");

        TableCostModel model = TableCostModel.Load(_tables.Folder, KernelTables.Layers);

        Assert.Equal(before + TimeSpan.FromMicroseconds(2.5), model.Estimate(new StepWork(Rows(4, 1, []))).PerLayer);
    }

    [Fact]
    public void An_estimate_allocates_nothing()
    {
        TableCostModel model = _tables.Load();
        RowWork[] rows = Rows(40, 2, [1, 2, 300]);
        model.Estimate(new StepWork(rows));
        long before = GC.GetAllocatedBytesForCurrentThread();
        model.Estimate(new StepWork(rows));
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    /// <summary>What a combination costs beyond another of as many tokens is the difference of their measured times.</summary>
    [Fact]
    public void Every_measured_combination_takes_the_measured_time()
    {
        string folder = Path.GetDirectoryName(SharedFiles.Find("profiles/rtx4090-llama3.1-8b/kernels/attention.csv"))!;
        TableCostModel model = TableCostModel.Load(folder, layers: 1);
        Dictionary<int, double> others = [];
        int count = 0;
        foreach (string[] row in File.ReadLines(Path.Combine(folder, "attention.csv")).Skip(1).Select(static line => line.Split(',')))
        {
            int[] sizes = [.. row[..4].Select(static size => int.Parse(size, CultureInfo.InvariantCulture))];
            double measured = double.Parse(row[4], CultureInfo.InvariantCulture);
            RowWork[] rows =
            [
                .. Enumerable.Repeat(new RowWork(sizes[0], sizes[1], IsDecode: false, Samples: false), sizes[0] > 0 ? 1 : 0),
                .. Enumerable.Repeat(new RowWork(1, sizes[3], IsDecode: true, Samples: false), sizes[2]),
            ];
            double layer = model.Estimate(new StepWork(rows)).PerLayer.TotalMicroseconds;
            others.TryAdd(sizes[0] + sizes[2], layer - measured);
            Assert.Equal(others[sizes[0] + sizes[2]], layer - measured, 0.2);
            count++;
        }

        Assert.Equal(8_643, count);
    }

    public void Dispose() => _tables.Dispose();

    private static RowWork[] Rows(int prefill, int prefillRows, IReadOnlyCollection<int> decodeContexts) =>
    [
        .. Enumerable.Range(0, prefillRows)
            .Select(i => new RowWork((prefill + i) / Math.Max(1, prefillRows), 0, IsDecode: false, Samples: i == 0))
            .Where(static row => row.Tokens > 0),
        .. decodeContexts.Select(static context => new RowWork(1, context, IsDecode: true, Samples: true)),
    ];

    /// <summary>Attention in one layer: a step's, less that of a step of as many tokens whose attention is free.</summary>
    private double Attention(TableCostModel model, RowWork[] rows)
    {
        Func<int, int, int, int, double> law = _tables.Attention;
        _tables.Attention = static (_, _, _, _) => 0;
        TimeSpan without = _tables.Load().Estimate(new StepWork(rows)).PerLayer;
        _tables.Attention = law;
        return (model.Estimate(new StepWork(rows)).PerLayer - without).TotalMicroseconds;
    }

    private static double Before(TableCostModel model, int tokens) =>
        model.Estimate(new StepWork([new RowWork(tokens, 0, IsDecode: false, Samples: false)])).Before.TotalMicroseconds;

    private double Naive(RowWork[] rows, Func<int, int, int, int, double> attention)
    {
        RowWork[] decodes = [.. rows.Where(static row => row.IsDecode)];
        RowWork[] prefills = [.. rows.Where(static row => !row.IsDecode)];
        double chunk = prefills.Sum(static row => row.Tokens);
        double before = prefills.Length == 0 ? 0 : prefills.Average(static row => row.Context);
        double context = decodes.Length == 0 ? 0 : decodes.Average(static row => row.Context);
        return (prefills.Length, decodes.Length) switch
        {
            (_, 0) => NaiveTables.Interpolate([chunk, before], [_tables.Chunks, _tables.Contexts], at => attention(at[0], at[1], 0, 0)),
            (0, _) => NaiveTables.Interpolate([decodes.Length, context], [_tables.DecodeRows, _tables.DecodeContexts], at => attention(0, 0, at[0], at[1])),
            _ => NaiveTables.Interpolate(
                [chunk, before, decodes.Length, context],
                [_tables.Chunks, _tables.Contexts, _tables.MixedRows, _tables.DecodeContexts],
                at => attention(at[0], at[1], at[2], at[3])),
        };
    }
}
