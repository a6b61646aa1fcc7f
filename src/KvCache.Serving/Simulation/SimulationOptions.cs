using KvCache.Serving.Scheduling;
using KvCache.Serving.Simulation.Devices;

namespace KvCache.Serving.Simulation;

/// <summary>How a simulated server schedules.</summary>
public sealed record SimulationOptions
{
    /// <summary>Gets the most tokens that one step computes; at least 1.</summary>
    /// <value>Default: 2,048.</value>
    public int MaxStepTokens { get; init; } = 2048;

    /// <summary>Gets the most requests that run at a time; at least 1.</summary>
    /// <value>Default: 256.</value>
    public int MaxSequences { get; init; } = 256;

    /// <summary>Gets what makes the policy that decides which waiting requests start; called once per run.</summary>
    /// <value>Default: <see cref="FcfsAdmission"/>.</value>
    public Func<IAdmissionPolicy> Admission { get; init; } = static () => new FcfsAdmission();

    /// <summary>Gets what makes the policy that decides whose memory is taken; called once per run.</summary>
    /// <value>Default: <see cref="LastStartedVictim"/>.</value>
    public Func<IVictimPolicy> Victims { get; init; } = static () => new LastStartedVictim();

    /// <summary>Gets what makes the policy that decides which running requests compute in a step; called once per run.</summary>
    /// <value>Default: <see cref="WholeBatch"/>.</value>
    public Func<IBatchPolicy> Batch { get; init; } = static () => new WholeBatch();

    /// <summary>Gets the manager's device, whose copies take time and whose layers are entered and left one by one.</summary>
    /// <value>Default: null: steps take what the cost model says, for managers that copy nothing.</value>
    public SimulatedDevice? Device { get; init; }
}
