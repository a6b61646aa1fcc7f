using KvCache.Serving.Simulation;
using Replay.Serving;
using Spectre.Console;

namespace Replay.Planning;

/// <summary>Plans as tables.</summary>
internal static class PlanTable
{
    private const double BytesPerGib = 1L << 30;

    /// <summary>What there is, and what each manager makes of it.</summary>
    public static Table Fits(IReadOnlyList<Plan> plans, Server server, PlanOptions options)
    {
        Table table = new Table().AddColumn($"{server.Model.Name}, {options.Context:N0} + {options.Output:N0} tokens".EscapeMarkup());
        foreach (Plan plan in plans)
        {
            table.AddColumn(new TableColumn(plan.Manager.EscapeMarkup()).RightAligned());
        }

        void Row(string name, Func<Plan, string> text) => table.AddRow([name, .. plans.Select(text)]);
        Row("memory for the cache, GiB a device", _ => $"{server.MemoryBytes / BytesPerGib:N2}");
        Row("tokens that fit", static plan => $"{plan.Fit.Tokens:N0}");
        Row("sequences that fit, in full length", static plan => $"{plan.Fit.Sequences:N0}");
        Row("most that run at a time", _ => $"{server.MaxSequences:N0}");
        Row("memory held and empty", static plan => $"{plan.Fit.Waste:P2}");
        Row("the queue grows without end from, requests/s", static plan => $"{plan.Capacity:N3}");
        return table;
    }

    /// <summary>What requests get at rates around the manager's capacity.</summary>
    public static Table Rates(Plan plan)
    {
        Table table = new();
        foreach (string heading in (string[])["requests/s", "of capacity", "TTFT mean, ms", "TTFT p99, ms", "in the queue", "TPOT mean, ms", "preemptions"])
        {
            table.AddColumn(new TableColumn(heading).RightAligned());
        }

        foreach ((double share, ServiceSummary summary) in plan.Rates)
        {
            table.AddRow(
                $"{plan.Capacity * share:N3}",
                $"{share:P0}",
                $"{summary.TimeToFirstToken.Mean.TotalMilliseconds:N1}",
                $"{summary.TimeToFirstToken.P99.TotalMilliseconds:N1}",
                $"{summary.QueueingShare:P0}",
                $"{summary.TimePerOutputToken.Mean.TotalMilliseconds:N1}",
                $"{summary.Preemptions:N0}");
        }

        return table;
    }
}
