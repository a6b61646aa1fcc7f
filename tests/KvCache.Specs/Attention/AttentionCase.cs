using System.Globalization;
using KvCache.Attention;

namespace KvCache.Specs.Attention;

/// <summary>One step over one layer, with a text form that a failure prints and a test can keep.</summary>
public sealed record AttentionCase
{
    public KvElementType ElementType { get; init; } = KvElementType.Float32;

    public int KvHeads { get; init; } = 2;

    /// <summary>Query heads per KV head.</summary>
    public int Group { get; init; } = 2;

    public int KeyDim { get; init; } = 16;

    public int ValueDim { get; init; } = 16;

    public int PageTokens { get; init; } = 16;

    /// <summary>Which of two layers; the other one must stay as it is.</summary>
    public int Layer { get; init; } = 1;

    /// <summary>Whether the pages of a row lie anywhere rather than one after the other.</summary>
    public bool Scattered { get; init; } = true;

    /// <summary>Elements between the tokens of an operand that do not belong to it.</summary>
    public int Gap { get; init; }

    /// <summary>Elements from an aligned address to where operands begin.</summary>
    public int Skew { get; init; }

    public float Scale { get; init; }

    public float SoftCap { get; init; }

    /// <summary>How widely the drawn scores are spread before a cap: their standard deviation.</summary>
    public float Spread { get; init; } = 2;

    public PoisonKind Poison { get; init; } = PoisonKind.Mixed;

    public int Seed { get; init; } = 1;

    public AttentionRow[] Rows { get; init; } = [];

    public int QueryHeads => KvHeads * Group;

    public int TokenCount => Rows.Sum(row => row.Computed);

    public KvScoring Scoring => new() { Scale = Scale, SoftCap = SoftCap };

    public KvLayerGroup Shape => new(2, KvHeads, KeyDim, ValueDim, ElementType);

    /// <summary>Pairs of a query head's query and a key that it sees.</summary>
    public long Pairs => Rows.Sum(row => row.Computed * (row.Cached + ((row.Computed + 1L) / 2))) * QueryHeads;

    /// <summary>A case in short: a shape, and rows in their text form.</summary>
    public static AttentionCase Of(KvElementType type, (int KvHeads, int Group) heads, (int Key, int Value) dims, string rows) => new()
    {
        ElementType = type,
        KvHeads = heads.KvHeads,
        Group = heads.Group,
        KeyDim = dims.Key,
        ValueDim = dims.Value,
        Rows = ParseRows(rows),
    };

    /// <summary>Rows from their text form.</summary>
    public static AttentionRow[] ParseRows(string text) =>
        [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(AttentionRow.Parse)];

    /// <summary>Reads what <see cref="ToString"/> writes.</summary>
    public static AttentionCase Parse(string text)
    {
        Dictionary<string, string> words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(word => word.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        int Number(string name) => int.Parse(words[name], CultureInfo.InvariantCulture);
        float Real(string name) => float.Parse(words[name], CultureInfo.InvariantCulture);
        return new AttentionCase
        {
            ElementType = Enum.Parse<KvElementType>(words["type"]),
            KvHeads = Number("kv"),
            Group = Number("group"),
            KeyDim = Number("key"),
            ValueDim = Number("value"),
            PageTokens = Number("page"),
            Layer = Number("layer"),
            Scattered = bool.Parse(words["scattered"]),
            Gap = Number("gap"),
            Skew = Number("skew"),
            Scale = Real("scale"),
            SoftCap = Real("cap"),
            Spread = Real("spread"),
            Poison = Enum.Parse<PoisonKind>(words["poison"]),
            Seed = Number("seed"),
            Rows = ParseRows(words["rows"]),
        };
    }

    public override string ToString() =>
        $"type={ElementType} kv={KvHeads} group={Group} key={KeyDim} value={ValueDim} page={PageTokens} layer={Layer} "
        + $"scattered={Scattered} gap={Gap} skew={Skew} scale={Scale:R} cap={SoftCap:R} spread={Spread:R} poison={Poison} "
        + $"seed={Seed} rows={string.Join(',', Rows)}";
}
