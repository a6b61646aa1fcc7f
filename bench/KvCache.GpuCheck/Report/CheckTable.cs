namespace KvCache.GpuCheck.Report;

/// <summary>One table of the report: what was measured, in which columns, row by row.</summary>
internal sealed class CheckTable(string title, params string[] columns)
{
    private readonly List<object[]> _rows = [];

    public string Title { get; } = title;

    public IReadOnlyList<string> Columns { get; } = columns;

    /// <summary>Gets the rows: text or numbers, one per column.</summary>
    public IReadOnlyList<object[]> Rows => _rows;

    /// <summary>Gets or sets what a reader must know to read the table; null for nothing.</summary>
    public string? Note { get; set; }

    public void Add(params object[] cells)
    {
        if (cells.Length != Columns.Count)
        {
            throw new ArgumentException($"{cells.Length} cells were given; {Title} has {Columns.Count} columns.", nameof(cells));
        }

        _rows.Add(cells);
    }
}
