using System.Globalization;
using System.Text;

namespace Replay.Figures;

/// <summary>A figure's outcomes for programs: a row for each point.</summary>
internal static class FigureCsv
{
    private const string Header =
        "model,devices,load,x,line,seeds,ttft_objective_s,tpot_objective_ms,ttft_mean_s,ttft_p99_s,queueing_share,tpot_mean_ms,tpot_p99_ms," +
        "violations,ttft_violations,tpot_violations,output_tokens_per_s,makespan_s,preemptions,gib_to_device,gib_to_host,stalled_s";

    public static void Write(Figure figure, IReadOnlyList<Outcome> outcomes, Stream stream)
    {
        using StreamWriter writer = new(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        writer.WriteLine(Header);
        foreach (Outcome outcome in outcomes)
        {
            Case served = outcome.Case;
            writer.Write(Line($"{served.Deployment.Model.Name},{served.Deployment.Devices},{served.Load.Name},{figure.X(served):0.###},{figure.Line(served)},{outcome.Seeds},"));
            writer.Write(Line($"{served.FirstTokenObjective.TotalSeconds:F3},{served.TokenObjective.TotalMilliseconds:F1},"));
            writer.Write(Line($"{outcome.FirstToken:F4},{outcome.FirstTokenP99:F4},{outcome.QueueingShare:F4},{outcome.Token:F2},{outcome.TokenP99:F2},"));
            writer.Write(Line($"{outcome.Violations:F4},{outcome.FirstTokenViolations:F4},{outcome.TokenViolations:F4},"));
            writer.WriteLine(Line($"{outcome.Throughput:F2},{outcome.Makespan:F2},{outcome.Preemptions:F1},{outcome.GibToDevice:F2},{outcome.GibToHost:F2},{outcome.Stalled:F3}"));
        }
    }

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
