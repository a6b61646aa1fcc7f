using System.Globalization;

namespace KvCache.Gpu.Cuda;

/// <summary>What was measured on GPUs, by compute capability: a line for each capability, head dim and heads of a block.</summary>
/// <remarks>The library carries a table, <c>tensor-tuning.csv</c>; <c>gpu-check --tune</c> writes one.</remarks>
internal sealed class TensorTuningTable
{
    public const string FileName = "tensor-tuning.csv";
    public const string Header = "capability,dim,heads,warps,stages,granule,waves";

    private readonly SortedDictionary<Key, TensorTuning> _entries = [];

    /// <summary>Gets the table that the library carries.</summary>
    public static TensorTuningTable Shipped { get; } = Parse(ReadShipped());

    /// <summary>Gets how many entries there are.</summary>
    public int Count => _entries.Count;

    /// <summary>Reads a table.</summary>
    /// <exception cref="FormatException">A line is not what <see cref="Header"/> says, or names what there is no kernel for.</exception>
    public static TensorTuningTable Parse(string text)
    {
        TensorTuningTable table = new();
        string[] lines = text.ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (lines.Length == 0 || lines[0] != Header)
        {
            throw new FormatException($"The table begins with '{(lines.Length == 0 ? "" : lines[0])}'; expected '{Header}'.");
        }

        foreach (string line in lines.Skip(1))
        {
            table.Add(line);
        }

        return table;
    }

    /// <summary>The choices for a capability, such as 9.0, and the heads of a block: what was measured, or the default.</summary>
    public TensorTuning Find(Version capability, int dim, int heads) =>
        _entries.TryGetValue(new Key(capability, dim, heads), out TensorTuning? measured) ? measured : TensorTuning.DefaultOf(dim);

    /// <summary>Puts a measured entry in.</summary>
    public void Set(Version capability, int dim, int heads, TensorTuning tuning) => _entries[new Key(capability, dim, heads)] = tuning;

    /// <summary>All entries, as <see cref="Parse"/> reads them.</summary>
    public override string ToString() => string.Concat([
        Header + "\n",
        .. _entries.Select(static entry => string.Create(
            CultureInfo.InvariantCulture,
            $"{entry.Key.Capability},{entry.Key.Dim},{entry.Key.Heads},{entry.Value.Block.Warps},{entry.Value.Block.Stages},{entry.Value.Granule},{entry.Value.Waves}\n"))]);

    private static string ReadShipped()
    {
        using Stream stream = typeof(TensorTuningTable).Assembly.GetManifestResourceStream(FileName)!;
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }

    private void Add(string line)
    {
        string[] cells = line.Split(',');
        int[] numbers = new int[6];
        bool reads = cells.Length == 7 && Version.TryParse(cells[0], out _);
        for (int i = 0; i < numbers.Length && reads; i++)
        {
            reads = int.TryParse(cells[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i]);
        }

        TensorTuning? tuning = reads ? new(new DecodeBlock(numbers[2], numbers[3]), numbers[4], numbers[5]) : null;
        if (tuning is null || !TensorCatalog.DecodeShapes.Contains((numbers[0], numbers[1])) || !DecodeBlock.All.Contains(tuning.Block)
            || tuning.Granule < 64 || tuning.Granule % 64 != 0 || tuning.Waves < 1)
        {
            throw new FormatException($"'{line}' is no entry: {Header}, granules being multiples of 64.");
        }

        Set(Version.Parse(cells[0]), numbers[0], numbers[1], tuning);
    }

    private readonly record struct Key(Version Capability, int Dim, int Heads) : IComparable<Key>
    {
        public int CompareTo(Key other) => (Capability, Dim, Heads).CompareTo((other.Capability, other.Dim, other.Heads));
    }
}
