using KvCache.Serving.Text;

namespace KvCache.Serving.Traces;

/// <summary>Reads requests from comma-separated values: an arrival and two lengths, wherever their columns are.</summary>
internal sealed class CsvTraceReader(CsvReader csv, LineReader lines, CsvTraceColumns columns) : ITraceFormReader
{
    private readonly int _arrival = csv.Column(columns.Arrival);
    private readonly int _promptTokens = csv.Column(columns.PromptTokens);
    private readonly int _outputTokens = csv.Column(columns.OutputTokens);
    private DateTimeOffset? _first;

    public int BlockTokens => 0;

    public TraceRequest? Read(int index) => !csv.TryRead()
        ? null
        : new TraceRequest(
            index,
            lines.LineNumber,
            columns.HasDates ? SinceFirst() : FieldNumbers.Seconds(csv.Field(_arrival), columns.Arrival),
            FieldNumbers.Count(csv.Field(_promptTokens), columns.PromptTokens),
            FieldNumbers.Count(csv.Field(_outputTokens), columns.OutputTokens));

    /// <summary>Dates are cut to microseconds before they are subtracted.</summary>
    private TimeSpan SinceFirst()
    {
        DateTimeOffset date = Dates.Parse(csv.Field(_arrival), columns.Arrival);
        date = date.AddTicks(-(date.Ticks % TimeSpan.TicksPerMicrosecond));
        _first ??= date;
        return date >= _first.Value
            ? date - _first.Value
            : throw new UnexpectedTextException($"no {columns.Arrival} before the first, {_first:O}, found {date:O}");
    }
}
