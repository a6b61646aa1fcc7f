using KvCache.Memory;
using KvCache.Paged;
using KvCache.Serving.CostModels;
using KvCache.Serving.Simulation;
using KvCache.Serving.Traces;
using Xunit;

namespace KvCache.Serving.Tests.Validation;

/// <summary>
/// The roofline at its defaults against a published figure: Llama-2-7B on one L20, one request a second, mean of 100 requests, over the
/// context (LayerKV, arXiv 2410.00428, Fig. 1). The answers' length is not stated there; 512 tokens fit all points.
/// </summary>
/// <remarks>
/// The figure's server computes a prompt in one step and admits it when there is memory for the whole of it; so does one here whose
/// steps are long enough. Means of ten seeds.
/// </remarks>
public sealed class ContextSweepTests(ITestOutputHelper output)
{
    private const int Seeds = 10;
    private const int StepTokens = 32_768;

    /// <summary>At 1,024 tokens the load is at the edge of what the server can do, and a few per cent of memory or speed decide.</summary>
    private const int Knee = 1_024;

    /// <summary>Context, seconds to the first token, milliseconds a token and queueing share, as read off the figure.</summary>
    private static readonly (int Context, double Seconds, double Milliseconds, double Queueing)[] Published =
    [
        (128, 0.054, 31, 0.24), (256, 0.075, 34, 0.23), (512, 0.110, 41, 0.17), (Knee, 1.8, 61, 0.895),
        (2_048, 27, 70, 0.977), (4_096, 91, 70, 0.983), (16_384, 560, 73, 0.985),
    ];

    [Fact]
    public void Time_to_first_token_follows_the_context()
    {
        Dictionary<int, (double Seconds, double Milliseconds, double Queueing)> simulated = [];
        foreach ((int context, double seconds, double milliseconds, double queueing) in Published)
        {
            ServiceSummary[] runs = [.. Enumerable.Range(0, Seeds).Select(seed => Serve(context, seed))];
            double[] times = [.. runs.Select(static run => run.TimeToFirstToken.Mean.TotalSeconds).Order()];
            simulated[context] = (
                times.Average(),
                runs.Average(static run => run.TimePerOutputToken.Mean.TotalMilliseconds),
                runs.Average(static run => run.QueueingShare));
            output.WriteLine(FormattableString.Invariant(
                $"| {context:N0} | {seconds:G3} | {times.Average():G3} | {times[0]:G3} … {times[^1]:G3} | {times.Average() / seconds:N2} | {milliseconds} | {simulated[context].Milliseconds:N0} | {queueing} | {simulated[context].Queueing:N2} |"));
        }

        Assert.All(Published, point => Assert.InRange(simulated[point.Context].Seconds / point.Seconds, 1 / 1.5, 1.5));
        Assert.All(Published, point => Assert.InRange(simulated[point.Context].Milliseconds / point.Milliseconds, 1 / 1.25, 1.25));
        Assert.InRange(simulated[512].Queueing, 0, 0.25);
        Assert.InRange(simulated[Knee].Queueing, 0.5, 1);
        Assert.InRange(simulated[Knee].Seconds / simulated[512].Seconds, 4, double.MaxValue);
    }

    private static ServiceSummary Serve(int context, int seed)
    {
        TransformerModel model = TransformerModels.Llama2With7B;
        using PagedKvAllocator allocator = new(new PagedKvAllocatorOptions
        {
            Geometry = model.Geometry(),
            Device = new DryDevice(),
            MemoryBytes = MemoryBudget.CacheBytes(model, AcceleratorDevices.L20, StepTokens),
            PrefixCaching = false,
        });
        SimulationOptions options = new() { MaxStepTokens = StepTokens };
        Simulator simulator = new(allocator, new RooflineCostModel(model, AcceleratorDevices.L20), options);
        ServiceSummary summary = simulator.Run(WorkloadGenerator.Generate(new WorkloadOptions
        {
            Requests = 100,
            Arrivals = ArrivalProcess.Poisson(1),
            PromptTokens = LengthDistribution.Fixed(context),
            OutputTokens = LengthDistribution.Fixed(512),
            Seed = seed,
        })).Summarize();
        allocator.CheckIntegrity();
        return summary;
    }
}
