using KvCache.Layerwise;
using KvCache.Memory;
using KvCache.Paged;
using KvCache.Serving.CostModels;
using KvCache.Serving.Scheduling.Objectives;
using KvCache.Serving.Simulation;
using KvCache.Serving.Simulation.Devices;
using KvCache.Serving.Traces;
using Xunit;

namespace KvCache.Serving.Tests.Simulation.Devices;

/// <summary>Whole simulations on a device whose copies take time.</summary>
public sealed class LayeredSimulationTests
{
    private static readonly KvGeometry Geometry = KvGeometry.Create(layers: 8, kvHeads: 1, headDim: 8);
    private static readonly LinearCostModel Costs = new(1000, 10, 5);
    private static readonly LinkSpeed Link = new(1e8, TimeSpan.FromMicroseconds(1));

    [Fact]
    public void A_manager_that_copies_nothing_takes_what_the_cost_model_says()
    {
        string[] runs = [.. ((bool[])[false, true]).Select(isLayered =>
        {
            SimulatedDevice device = new(Link);
            using PagedKvAllocator allocator = new(new PagedKvAllocatorOptions { Geometry = Geometry, Device = device, BlockCount = 60 });
            return Steps(new Simulator(allocator, Costs, new SimulationOptions { Device = isLayered ? device : null }).Run(Requests()));
        })];
        Assert.Equal(runs[0], runs[1]);
    }

    [Fact]
    public void With_room_for_all_layers_so_does_the_layer_wise_one()
    {
        using PagedKvAllocator paged = new(new PagedKvAllocatorOptions { Geometry = Geometry, Device = new DryDevice(), BlockCount = 2000, PrefixCaching = false });
        string expected = Steps(new Simulator(paged, Costs).Run(Requests()));
        (SimulationResult result, SimulatedDevice device) = Layerwise(deviceBlocks: 2000, pauses: false);
        Assert.Equal(expected, Steps(result));
        Assert.Equal((0, 0, TimeSpan.Zero), (device.BytesToDevice, device.BytesToHost, device.Stalled));
    }

    /// <summary>Where layers move, time is lost to copies and never won; who pauses loses less of it.</summary>
    [Fact]
    public void Where_layers_move_steps_last_as_long_as_their_copies_make_them()
    {
        (SimulationResult all, SimulatedDevice allDevice) = Layerwise(deviceBlocks: 60, pauses: false);
        (SimulationResult paused, SimulatedDevice pausedDevice) = Layerwise(deviceBlocks: 60, pauses: true);
        Assert.True(allDevice.BytesToDevice > 4 * pausedDevice.BytesToDevice, $"{allDevice.BytesToDevice} and {pausedDevice.BytesToDevice} bytes came back.");
        Assert.True(allDevice.Stalled > pausedDevice.Stalled);
        Assert.True(allDevice.BytesToHost > 0 && pausedDevice.BytesToHost > 0);
        Assert.All(all.Steps, step => Assert.True(step.End - step.Start >= Computed(step)));
        Assert.Equal(allDevice.Stalled, TimeSpan.FromTicks(all.Steps.Sum(step => (step.End - step.Start - Computed(step)).Ticks)));
        Assert.All(paused.Requests, static request => Assert.True(request.IsServed));
    }

    private static TimeSpan Computed(StepRecord step) =>
        TimeSpan.FromMicroseconds(1000 + (10 * step.PrefillTokens) + (5 * step.DecodeRequests));

    private static (SimulationResult Result, SimulatedDevice Device) Layerwise(int deviceBlocks, bool pauses)
    {
        SimulatedDevice device = new(Link);
        using LayerwiseKvAllocator allocator = new(new LayerwiseKvAllocatorOptions
        {
            Geometry = Geometry,
            Device = device,
            DeviceBytes = deviceBlocks * 16L * Geometry.BytesPerToken,
            HostBytes = 1000L * 16 * Geometry.BytesPerToken,
            HostMemory = new DryDevice(),
            Link = device,
            Clock = device.Clock,
            PrefixCaching = false,
        });
        SimulationOptions options = new() { Device = device };
        SimulationResult result = new Simulator(allocator, Costs, pauses
            ? options with { Batch = () => new ReloadAwareBatch(allocator, Costs, Link.BytesPerSecond, share: 0) }
            : options).Run(Requests());
        allocator.CheckIntegrity();
        return (result, device);
    }

    private static IEnumerable<SimulatedRequest> Requests() => WorkloadGenerator.Generate(new WorkloadOptions
    {
        Requests = 60,
        Arrivals = ArrivalProcess.Poisson(200),
        PromptTokens = LengthDistribution.Uniform(20, 200),
        OutputTokens = LengthDistribution.Uniform(5, 60),
    });

    private static string Steps(SimulationResult result)
    {
        StringWriter writer = new();
        SimulationCsv.WriteSteps(result with { Steps = [.. result.Steps.Select(static step => step with { AvailableBlocks = 0 })] }, writer);
        SimulationCsv.WriteRequests(result, writer);
        return writer.ToString();
    }
}
