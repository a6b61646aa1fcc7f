using System.Globalization;
using System.Text;
using KvCache.Serving.CostModels;

namespace KvCache.Serving.Tests.CostModels;

/// <summary>Writes tables of kernel times that follow a given law, so that what is read from them can be worked out.</summary>
internal sealed class KernelTables : IDisposable
{
    public const int Layers = 3;
    private static readonly string[] DenseLayers =
        ["embedding", "final_layernorm", "layernorm", "qkv_proj", "rotary_emb", "o_proj", "gate_up_proj", "act_fn", "down_proj"];

    private readonly TemporaryFiles _files = new();

    /// <summary>Gets or sets the microseconds of a dense layer; the layers are numbered in the order of the list above.</summary>
    public Func<int, int, double> Dense { get; set; } = static (layer, tokens) => layer + (0.5 * tokens);

    /// <summary>Gets or sets the microseconds of lm_head (0) and sampler (1).</summary>
    public Func<int, int, double> PerSequence { get; set; } = static (layer, rows) => 10 + (layer * rows);

    /// <summary>Gets or sets the microseconds of attention, or NaN for a combination that was not measured.</summary>
    public Func<int, int, int, int, double> Attention { get; set; } =
        static (chunk, context, rows, decodeContext) => (chunk * (chunk + context) * 0.01) + (rows * (5 + (0.1 * decodeContext)));

    public int[] Tokens { get; set; } = [1, 2, 5, 16];

    public int[] Rows { get; set; } = [1, 4, 9];

    public int[] Chunks { get; set; } = [4, 8, 16];

    public int[] Contexts { get; set; } = [0, 16, 64];

    public int[] DecodeRows { get; set; } = [1, 3, 8];

    /// <summary>Gets or sets the decode rows that were measured beside a chunk.</summary>
    public int[] MixedRows { get; set; } = [1, 3];

    public int[] DecodeContexts { get; set; } = [8, 32, 64];

    public string Folder => _files.Folder;

    public TableCostModel Load()
    {
        WriteDense();
        WritePerSequence();
        WriteAttention();
        return TableCostModel.Load(Folder, Layers);
    }

    public void Write(string name, string text) => _files.Write(name, text);

    public void Dispose() => _files.Dispose();

    public void WriteDense()
    {
        StringBuilder text = new("layer,tokens,time_us\n");
        for (int layer = 0; layer < DenseLayers.Length; layer++)
        {
            foreach (int tokens in Tokens)
            {
                text.Append(CultureInfo.InvariantCulture, $"{DenseLayers[layer]},{tokens},{Dense(layer, tokens):R}\n");
            }
        }

        Write("dense.csv", text.ToString());
    }

    public void WritePerSequence()
    {
        StringBuilder text = new("layer,sequences,time_us\n");
        foreach (int rows in Rows)
        {
            text.Append(CultureInfo.InvariantCulture, $"lm_head,{rows},{PerSequence(0, rows):R}\nsampler,{rows},{PerSequence(1, rows):R}\n");
        }

        Write("per_sequence.csv", text.ToString());
    }

    public void WriteAttention()
    {
        StringBuilder text = new("prefill_chunk,kv_prefill,n_decode,kv_decode,time_us\n");
        foreach ((int chunk, int context, int rows, int decodeContext) in Points())
        {
            double time = Attention(chunk, context, rows, decodeContext);
            if (!double.IsNaN(time))
            {
                text.Append(CultureInfo.InvariantCulture, $"{chunk},{context},{rows},{decodeContext},{time:R}\n");
            }
        }

        Write("attention.csv", text.ToString());
    }

    private IEnumerable<(int Chunk, int Context, int Rows, int DecodeContext)> Points() =>
    [
        .. from rows in DecodeRows from decodeContext in DecodeContexts select (0, 0, rows, decodeContext),
        .. from chunk in Chunks from context in Contexts select (chunk, context, 0, 0),
        .. from chunk in Chunks from context in Contexts from rows in MixedRows from decodeContext in DecodeContexts
           select (chunk, context, rows, decodeContext),
    ];
}
