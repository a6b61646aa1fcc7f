using KvCache;
using KvCache.Serving.Simulation;
using Replay.Manager;

namespace Replay.Serving;

/// <summary>A load that was served.</summary>
/// <param name="Name">What the column is called: the manager's name.</param>
/// <param name="Server">What served it.</param>
/// <param name="Result">Every step and every request.</param>
/// <param name="Summary">Their sums.</param>
internal sealed record ServedLoad(string Name, Server Server, SimulationResult Result, ServiceSummary Summary)
{
    /// <summary>Serves a load in virtual time, over the real manager.</summary>
    public static ServedLoad Serve(string manager, Server server, ILoad load, ServiceObjectives objectives, Action<double> report)
    {
        using IKvAllocator allocator = Managers.Create(manager, server.Cache);
        Simulator simulator = new(allocator, server.Costs, new SimulationOptions
        {
            MaxSequences = server.MaxSequences,
            MaxStepTokens = server.MaxStepTokens,
        });
        SimulationResult result = simulator.Run(load.Read(report));
        allocator.CheckIntegrity();
        return new ServedLoad(manager, server, result, result.Summarize(objectives));
    }
}
