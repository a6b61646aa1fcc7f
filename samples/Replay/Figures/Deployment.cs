using KvCache;
using KvCache.Serving.CostModels;

namespace Replay.Figures;

/// <summary>A model on devices, with what is left there for its cache and what the host has for it.</summary>
/// <param name="Model">The transformer.</param>
/// <param name="Device">The device.</param>
/// <param name="Devices">How many share each layer.</param>
internal sealed record Deployment(TransformerModel Model, AcceleratorDevice Device, int Devices)
{
    /// <summary>A prompt is computed in one step, as by the server of the paper.</summary>
    public const int MaxStepTokens = 32_768;

    public const int MaxSequences = 256;
    public const int BlockTokens = 16;

    /// <summary>Gets the bytes for the cache on the host, for each device.</summary>
    public long HostBytes { get; init; } = 512L << 30;

    /// <summary>Gets the share of the link's bandwidth that copies reach.</summary>
    public double LinkEfficiency { get; init; } = new RooflineEfficiencies().Link;

    /// <summary>Gets how many devices share the bandwidth of one link.</summary>
    public int DevicesPerLink { get; init; } = 1;

    public KvGeometry Geometry => Model.Geometry(Devices);

    public long DeviceBytes => MemoryBudget.CacheBytes(Model, Device, MaxStepTokens, MaxSequences, Devices);

    public LinkSpeed Link => LinkSpeed.Of(Device, Efficiencies, DevicesPerLink);

    public ICostModel Costs => new RooflineCostModel(Model, Device, tensorParallel: Devices);

    public string Name => Devices == 1 ? $"{Model.Name} on {Device.Name}" : $"{Model.Name} on {Devices} {Device.Name}";

    private RooflineEfficiencies Efficiencies => new() { Link = LinkEfficiency };

    /// <summary>The time to first token of a request that has the server to itself.</summary>
    public TimeSpan UnloadedFirstToken(int promptTokens) => Step(new RowWork(promptTokens, 0, IsDecode: false, Samples: true));

    /// <summary>The time per token of a request that has the server to itself, in the middle of its answer.</summary>
    public TimeSpan UnloadedToken(int promptTokens, int outputTokens) =>
        Step(new RowWork(1, promptTokens + (outputTokens / 2), IsDecode: true, Samples: true));

    private TimeSpan Step(RowWork row) => Costs.Estimate(new StepWork([row])).Total;
}
