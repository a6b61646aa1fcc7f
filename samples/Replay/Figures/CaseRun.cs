using KvCache;
using KvCache.Layerwise;
using KvCache.Memory;
using KvCache.Paged;
using KvCache.Serving.CostModels;
using KvCache.Serving.Scheduling;
using KvCache.Serving.Scheduling.Objectives;
using KvCache.Serving.Simulation;
using KvCache.Serving.Simulation.Devices;

namespace Replay.Figures;

/// <summary>Serves a case in virtual time, over the manager that ships.</summary>
internal static class CaseRun
{
    public static Outcome Serve(Case served, int seed)
    {
        SimulatedDevice device = new(served.Deployment.Link);
        using IKvAllocator allocator = served.Variant.IsLayerwise ? Layerwise(served, device) : Paged(served.Deployment, device);
        SimulationResult result = new Simulator(allocator, served.Deployment.Costs, Options(served, allocator, device))
            .Run(served.Load.Requests(seed));
        allocator.CheckIntegrity();
        return Outcome.Of(served, result, device.BytesToDevice, device.BytesToHost, device.Stalled);
    }

    private static PagedKvAllocator Paged(Deployment deployment, SimulatedDevice device) => new(new PagedKvAllocatorOptions
    {
        Geometry = deployment.Geometry,
        Device = device,
        MemoryBytes = deployment.DeviceBytes,
        BlockTokens = Deployment.BlockTokens,
        PrefixCaching = false,
    });

    private static LayerwiseKvAllocator Layerwise(Case served, SimulatedDevice device)
    {
        Deployment deployment = served.Deployment;
        LayerwiseKvAllocatorOptions options = new()
        {
            Geometry = deployment.Geometry,
            Device = device,
            DeviceBytes = deployment.DeviceBytes,
            HostBytes = deployment.HostBytes,
            HostMemory = new DryDevice(),
            Link = device,
            Clock = device.Clock,
            AssumedBytesPerSecond = deployment.Link.BytesPerSecond,
            BlockTokens = Deployment.BlockTokens,
            PrefixCaching = false,
            Placement = Placement(served),
            InterleaveLayers = served.Variant.Interleaves,
            FreeShare = 0.01,
        };
        return new LayerwiseKvAllocator(served.Variant.OffloadsAhead ? options : options with { FreeShare = 0, ForecastSteps = 0 });
    }

    private static IPlacementPolicy Placement(Case served) => served.Variant.Layers is { } layers
        ? new FixedPlacement(layers)
        : new TimeBudgetPlacement(tokens => served.Deployment.UnloadedFirstToken(Math.Max(1, tokens)).TotalSeconds);

    private static SimulationOptions Options(Case served, IKvAllocator allocator, SimulatedDevice device)
    {
        SimulationOptions options = new() { MaxStepTokens = Deployment.MaxStepTokens, MaxSequences = Deployment.MaxSequences, Device = device };
        if (allocator is not LayerwiseKvAllocator layerwise)
        {
            return options;
        }

        ICostModel costs = served.Deployment.Costs;
        Variant variant = served.Variant;
        return options with
        {
            Admission = variant.IsSloAware
                ? () => new DeviceFirstAdmission(layerwise, SloAware(served, costs))
                : static () => new FcfsAdmission(),
            Batch = variant.Pauses
                ? () => new ReloadAwareBatch(layerwise, costs, served.Deployment.Link.BytesPerSecond, variant.ReloadShare)
                : static () => new WholeBatch(),
        };
    }

    private static SloAwareAdmission SloAware(Case served, ICostModel costs) => new(costs, new SloAwareAdmissionOptions
    {
        TimePerOutputToken = served.TokenObjective,
        Predictor = served.Variant.Predictor(),
        DeviceTokens = served.Deployment.DeviceBytes / served.Deployment.Geometry.BytesPerToken,
    });
}
