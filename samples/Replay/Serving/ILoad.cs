using KvCache.Serving.Simulation;

namespace Replay.Serving;

/// <summary>Requests to serve, as often as they are asked for.</summary>
internal interface ILoad
{
    /// <summary>Gets what is said of it.</summary>
    string Description { get; }

    /// <summary>Reads the requests one by one.</summary>
    /// <param name="report">Takes the share that is read, 0 … 1, now and then.</param>
    IEnumerable<SimulatedRequest> Read(Action<double> report);
}
