using KvCache.Serving.CostModels;

namespace KvCache.Serving.Simulation;

/// <summary>Serves requests in virtual time: the scheduler and the manager are those that ship, only the computing is left out.</summary>
/// <remarks>
/// <para>Discrete events: arrivals, and the ends of steps, which a cost model dates. Give the manager a
/// <see cref="Memory.DryDevice"/>, and any amount of memory costs nothing. Deterministic: over a fresh manager, equal requests
/// give equal results.</para>
/// <para>Threads: the allocator's owner thread.</para>
/// </remarks>
public sealed class Simulator
{
    private readonly IKvAllocator _allocator;
    private readonly ICostModel _costs;
    private readonly SimulationOptions _options;

    /// <summary>Makes a simulator.</summary>
    /// <param name="allocator">The manager, without open sequences; the simulator does not dispose it.</param>
    /// <param name="costs">How long a step takes.</param>
    /// <param name="options">How the server schedules; null for the defaults.</param>
    public Simulator(IKvAllocator allocator, ICostModel costs, SimulationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(allocator);
        ArgumentNullException.ThrowIfNull(costs);
        _allocator = allocator;
        _costs = costs;
        _options = options ?? new SimulationOptions();
    }

    /// <summary>Serves requests, all to their end.</summary>
    /// <remarks>Takes them one by one as they arrive, so that a sequence made as it is read need never lie in memory as a whole.</remarks>
    /// <param name="requests">The requests, in order of arrival.</param>
    /// <returns>What came of them.</returns>
    /// <exception cref="ArgumentException">A request arrives before the one before it, or has no tokens.</exception>
    /// <exception cref="InvalidOperationException">The admission policy admits nobody, though nothing runs and nobody is to come.</exception>
    public SimulationResult Run(IEnumerable<SimulatedRequest> requests)
    {
        ArgumentNullException.ThrowIfNull(requests);
        using Arrivals arrivals = new(requests);
        return new SimulationRun(_allocator, _costs, _options, arrivals).Run();
    }
}
