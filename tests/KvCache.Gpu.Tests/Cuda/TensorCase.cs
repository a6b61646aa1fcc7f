using KvCache.Gpu.Cuda;

namespace KvCache.Gpu.Tests.Cuda;

/// <summary>A step for a kernel on tensor cores, with a text form that a failure prints.</summary>
internal sealed record TensorCase
{
    public KvElementType Type { get; init; } = KvElementType.Float16;

    public int Dim { get; init; } = 128;

    public int KvHeads { get; init; } = 1;

    /// <summary>Query heads per KV head.</summary>
    public int Group { get; init; } = 4;

    /// <summary>Tokens of a page; 0 for one column: a row is one range.</summary>
    public int PageTokens { get; init; } = 16;

    /// <summary>Whether a page holds a head's tokens together rather than a token's heads.</summary>
    public bool HeadMajor { get; init; }

    /// <summary>Floats between the tokens of queries that do not belong to them.</summary>
    public int Gap { get; init; }

    public float SoftCap { get; init; }

    /// <summary>How many blocks the device is said to have at once: it decides how rows are cut.</summary>
    public int BusyBlocks { get; init; } = 4;

    /// <summary>The make-up of the decode kernel's block; null for the default.</summary>
    public DecodeBlock? Block { get; init; }

    public (int Cached, int New)[] Rows { get; init; } = [];

    public int Seed { get; init; } = 1;

    public int Tokens => Rows.Sum(static row => row.New);

    public int QueryHeads => KvHeads * Group;

    public bool IsBrain => Type == KvElementType.BFloat16;

    /// <summary>Gets the absolute error that is allowed where values are from −1 to 1.</summary>
    public double Tolerance => IsBrain ? 1e-2 : 2e-3;

    public bool LargePages => PageTokens % 16 == 0;

    public TensorVariant DecodeVariant => TensorCatalog.Decode(Type, Dim, Group, LargePages, Block)!;

    public TensorVariant? PrefillVariant => TensorCatalog.Prefill(Type, Dim);

    public override string ToString() =>
        $"{Type} dim={Dim} kv={KvHeads} group={Group} page={PageTokens} headMajor={HeadMajor} gap={Gap} cap={SoftCap} busy={BusyBlocks} block={Block} "
        + $"seed={Seed} rows={string.Join(',', Rows.Select(static row => $"{row.Cached}+{row.New}"))}";
}
