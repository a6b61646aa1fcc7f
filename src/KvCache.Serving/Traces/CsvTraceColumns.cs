using KvCache.Serving.Text;

namespace KvCache.Serving.Traces;

/// <summary>A form of CSV trace: its columns' names.</summary>
internal sealed record CsvTraceColumns(TraceForm Form, string Arrival, string PromptTokens, string OutputTokens)
{
    /// <summary>All known forms.</summary>
    public static IReadOnlyList<CsvTraceColumns> All { get; } =
    [
        new(TraceForm.Azure, "TIMESTAMP", "ContextTokens", "GeneratedTokens") { HasDates = true },
        new(TraceForm.Vidur, "arrived_at", "num_prefill_tokens", "num_decode_tokens"),
        new(TraceForm.Lengths, "arrived_at_s", "input_tokens", "output_tokens"),
    ];

    /// <summary>Whether arrivals are dates; otherwise they are seconds.</summary>
    public bool HasDates { get; private init; }

    public bool Match(CsvReader csv) => csv.Has(Arrival) && csv.Has(PromptTokens) && csv.Has(OutputTokens);

    public override string ToString() => $"{Arrival},{PromptTokens},{OutputTokens}";
}
