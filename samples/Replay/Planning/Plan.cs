using KvCache.Serving.Simulation;
using KvCache.Serving.Traces;
using Replay.Serving;

namespace Replay.Planning;

/// <summary>What a server can do for requests of one length.</summary>
/// <param name="Manager">The manager's name.</param>
/// <param name="Fit">How many sequences fit.</param>
/// <param name="Capacity">Requests per second that it gets through while more and more wait: beyond that, the queue grows without end.</param>
/// <param name="Rates">What requests get at rates around that.</param>
internal sealed record Plan(string Manager, Fit Fit, double Capacity, IReadOnlyList<(double Share, ServiceSummary Summary)> Rates)
{
    /// <summary>The rates that are tried, as shares of the capacity.</summary>
    private static readonly double[] Shares = [0.25, 0.5, 0.75, 0.9, 1, 1.1, 1.25];

    /// <summary>Arrivals that are all there at once.</summary>
    private const double Backlog = 1e9;

    public static Plan Make(string manager, Server server, PlanOptions options, Action<double> report)
    {
        Fit fit = Fit.Of(manager, server, options.Context, options.Output);
        if (fit.Sequences == 0)
        {
            throw new ReplayException(
                $"Not one sequence of {options.Context} + {options.Output} tokens fits {server.Blocks} blocks of {server.BlockTokens} tokens.");
        }

        double capacity = Throughput(Serve(manager, server, options, Backlog).Result);
        List<(double Share, ServiceSummary Summary)> rates = [];
        foreach (double share in Shares)
        {
            report((rates.Count + 1.0) / (Shares.Length + 1));
            rates.Add((share, Serve(manager, server, options, capacity * share).Summary));
        }

        return new Plan(manager, fit, capacity, rates);
    }

    private static ServedLoad Serve(string manager, Server server, PlanOptions options, double rate)
    {
        GeneratedLoad load = new(
            new WorkloadOptions
            {
                Requests = options.Requests,
                Arrivals = ArrivalProcess.Poisson(rate),
                PromptTokens = LengthDistribution.Fixed(options.Context),
                OutputTokens = LengthDistribution.Fixed(options.Output),
                Seed = GeneratedLoad.DefaultSeed,
            },
            "");
        return ServedLoad.Serve(manager, server, load, new ServiceObjectives(), static _ => { });
    }

    /// <summary>By the middle half of the requests, when the server is neither filling up nor running empty.</summary>
    private static double Throughput(SimulationResult result)
    {
        TimeSpan[] finished = [.. result.Requests.Select(static request => request.Finished).Order()];
        int first = finished.Length / 4;
        int last = Math.Min(finished.Length - 1, finished.Length * 3 / 4);
        TimeSpan time = finished[last] - finished[first];
        return time > TimeSpan.Zero
            ? (last - first) / time.TotalSeconds
            : finished.Length / finished[^1].TotalSeconds;
    }
}
