using KvCache.Memory;
using KvCache.Paged;
using KvCache.Serving.CostModels;
using KvCache.Serving.Simulation;
using KvCache.Serving.Traces;
using Xunit;

namespace KvCache.Serving.Tests.Validation;

/// <summary>
/// The roofline against a published figure: Llama-2-7B on one L20, one request a second, mean of 100 requests, over the context
/// (LayerKV, arXiv 2410.00428, Fig. 1). Its answers' length is not stated; 512 tokens fit all points.
/// </summary>
public sealed class ContextSweepTests(ITestOutputHelper output)
{
    private const double Factor = 1.5;

    /// <summary>Context, and seconds to the first token as read off the figure, within 10 %.</summary>
    private static readonly (int Context, double Seconds)[] Published =
        [(128, 0.054), (256, 0.075), (512, 0.110), (1_024, 1.8), (2_048, 27), (4_096, 91), (16_384, 560)];

    [Fact]
    public void Time_to_first_token_follows_the_context()
    {
        double[] simulated = [.. Published.Select(point =>
        {
            ServiceSummary summary = Serve(point.Context);
            double seconds = summary.TimeToFirstToken.Mean.TotalSeconds;
            output.WriteLine(FormattableString.Invariant(
                $"{point.Context,6}{point.Seconds,10:N3}{seconds,10:N3}{seconds / point.Seconds,8:N2}  TPOT {summary.TimePerOutputToken.Mean.TotalMilliseconds:N1} ms, queueing {summary.QueueingShare:N2}"));
            return seconds;
        })];

        Assert.Equal(simulated.Order(), simulated);
    }

    private static ServiceSummary Serve(int context)
    {
        TransformerModel model = TransformerModels.Llama2With7B;
        using PagedKvAllocator allocator = new(new PagedKvAllocatorOptions
        {
            Geometry = model.Geometry(),
            Device = new DryDevice(),
            BlockTokens = 16,
            MemoryBytes = MemoryBudget.CacheBytes(model, AcceleratorDevices.L20),
            PrefixCaching = false,
        });
        Simulator simulator = new(allocator, new RooflineCostModel(model, AcceleratorDevices.L20));
        return simulator.Run(WorkloadGenerator.Generate(new WorkloadOptions
        {
            Requests = 100,
            Arrivals = Environment.GetEnvironmentVariable("ARR") == "c" ? ArrivalProcess.Constant(1) : ArrivalProcess.Poisson(1),
            PromptTokens = LengthDistribution.Fixed(context),
            OutputTokens = LengthDistribution.Fixed(512),
            Seed = int.Parse(Environment.GetEnvironmentVariable("SEED") ?? "0"),
        })).Summarize();
    }
}
