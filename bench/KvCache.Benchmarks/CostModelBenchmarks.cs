using System.Globalization;
using BenchmarkDotNet.Attributes;
using KvCache.Serving.CostModels;

namespace KvCache.Benchmarks;

/// <summary>Estimate a step: one chunk of a prompt, and so many rows that continue an answer.</summary>
public class CostModelBenchmarks
{
    private static readonly string[] DenseLayers =
        ["embedding", "final_layernorm", "layernorm", "qkv_proj", "rotary_emb", "o_proj", "gate_up_proj", "act_fn", "down_proj"];

    private readonly LinearCostModel _linear = new(5000, 100, 50);
    private readonly RooflineCostModel _roofline = new(TransformerModels.Llama31With8B, AcceleratorDevices.H100);
    private TableCostModel _table = null!;
    private RowWork[] _rows = null!;

    [Params(1, 32, 256)]
    public int Decoding { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        Random random = new(1);
        string folder = Directory.CreateTempSubdirectory("kvcache-tables-").FullName;
        try
        {
            WriteTables(folder);
            _table = TableCostModel.Load(folder, layers: 32);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        _rows =
        [
            new RowWork(300, 100, IsDecode: false, Samples: true),
            .. Enumerable.Range(0, Decoding).Select(_ => new RowWork(1, random.Next(4_000), IsDecode: true, Samples: true)),
        ];
    }

    [Benchmark(Baseline = true)]
    public StepCost Linear() => _linear.Estimate(new StepWork(_rows));

    [Benchmark]
    public StepCost Table() => _table.Estimate(new StepWork(_rows));

    [Benchmark]
    public StepCost Roofline() => _roofline.Estimate(new StepWork(_rows));

    /// <summary>Tables of the published size: 152 sizes of a dense layer, 8,643 combinations of attention.</summary>
    private static void WriteTables(string folder)
    {
        int[] doubling = [16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384];
        int[] rows = [1, 2, 4, 8, 16, 32, 64, 128, 256];
        IEnumerable<string> dense = DenseLayers.SelectMany(static layer => Enumerable.Range(1, 152).Select(size => $"{layer},{size * 14},{Text(size)}"));
        IEnumerable<string> perSequence = ((string[])["lm_head", "sampler"]).SelectMany(layer => rows.Select(size => $"{layer},{size},{Text(size)}"));
        int[] chunks = doubling[..8];
        IEnumerable<string> attention =
        [
            .. from row in rows from context in doubling select $"0,0,{row},{context},{Text(row * context / 100.0)}",
            .. from chunk in chunks from context in doubling.Prepend(0) select $"{chunk},{context},0,0,{Text(chunk * (chunk + context) / 1e4)}",
            .. from chunk in chunks from before in doubling.Prepend(0) from row in rows[..8] from context in doubling
               select $"{chunk},{before},{row},{context},{Text((chunk * (chunk + before) / 1e4) + (row * context / 100.0))}",
        ];
        File.WriteAllLines(Path.Combine(folder, "dense.csv"), dense.Prepend("layer,tokens,time_us"));
        File.WriteAllLines(Path.Combine(folder, "per_sequence.csv"), perSequence.Prepend("layer,sequences,time_us"));
        File.WriteAllLines(Path.Combine(folder, "attention.csv"), attention.Prepend("prefill_chunk,kv_prefill,n_decode,kv_decode,time_us"));
    }

    private static string Text(double microseconds) => microseconds.ToString("R", CultureInfo.InvariantCulture);
}
