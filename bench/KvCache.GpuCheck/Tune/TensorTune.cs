using KvCache.Gpu.Attention;
using KvCache.Gpu.Cuda;
using KvCache.GpuCheck.Checks;
using KvCache.GpuCheck.Report;
using KvCache.GpuCheck.Timing;
using KvCache.GpuCheck.Workloads;

namespace KvCache.GpuCheck.Tune;

/// <summary>Tries what decode kernels on tensor cores can be made of, and writes the best to the table that the library ships.</summary>
/// <remarks>
/// Tiles (warps × 16 positions), stages, and how rows are split, on batches from one long row to many. A candidate's mark is the geometric
/// mean of its times, each over the best of its batch: 1 were the best everywhere. The default stays where nothing is 2 % better.
/// </remarks>
internal sealed class TensorTune(string folder) : IGpuCheck
{
    private const int KvHeads = 8;
    private const double Gain = 0.98;
    private const double Tolerance = 2e-3;
    private static readonly int[] Granules = [64, 128, 256, 512, 1024];
    private static readonly int[] Waves = [1, 2, 4];

    /// <summary>Gets the head dims and heads of a block that are tuned.</summary>
    public IReadOnlyList<(int Dim, int Heads)> Shapes { get; init; } = TensorCatalog.DecodeShapes;

    /// <summary>Gets how attentions are made.</summary>
    public GpuAttentionOptions Options { get; init; } = GpuAttentionOptions.Default;

    public string Name => "tune";

    public string Summary => "tiles, stages and splits of decode on tensor cores; the best go to tensor-tuning.csv";

    public void Run(CheckContext context)
    {
        Version? capability = TensorCores.CapabilityOf(context.Device);
        if (capability is null || capability < TensorCompiler.Capability)
        {
            throw new PlatformNotSupportedException(
                $"{context.Device.Name} has no tensor cores as compute capability {TensorCompiler.Capability} has them: there is nothing to tune.");
        }

        CheckTable table = new(
            $"Choices for compute capability {capability}", "dim", "heads of a block", "block", "granule", "waves", "mark", "mark of the default", "candidates");
        TensorTuningTable found = TensorTuningTable.Parse(TensorTuningTable.Shipped.ToString());
        foreach ((int dim, int heads) in Shapes)
        {
            if (Best(context, capability, dim, heads, table) is { } best)
            {
                found.Set(capability, dim, heads, best);
            }
        }

        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, TensorTuningTable.FileName), found.ToString());
        table.Note = $"A mark is the geometric mean of times over the best time of each batch. {TensorTuningTable.FileName} goes to src/KvCache.Gpu/Cuda.";
        context.Report.Tables.Add(table);
    }

    private TensorTuning? Best(CheckContext context, Version capability, int dim, int heads, CheckTable table)
    {
        TensorTuning[] candidates = [.. Candidates(context, dim)];
        double[] marks = new double[candidates.Length];
        int batches = 0;
        AttentionShape shape = new(KvHeads * (heads > 8 ? 16 : 4), KvHeads, dim, dim, KvElementType.Float16, 16);
        foreach ((int rows, int length) in Batches(context))
        {
            using TimedScene? scene = TimedScene.Create(context.Device, shape, rows, length - 1, added: 1);
            if (scene is null)
            {
                continue;
            }

            double[] times = Times(context, capability, scene, shape, candidates);
            double least = times.Min();
            for (int i = 0; i < marks.Length; i++)
            {
                marks[i] += Math.Log(times[i] / least);
            }

            batches++;
        }

        if (batches == 0)
        {
            return null;
        }

        int best = Array.IndexOf(marks, marks.Min());
        best = Math.Exp((marks[best] - marks[0]) / batches) < Gain ? best : 0;
        TensorTuning chosen = candidates[best];
        table.Add(
            dim, heads, $"{chosen.Block}", chosen.Granule, chosen.Waves, Math.Exp(marks[best] / batches), Math.Exp(marks[0] / batches), candidates.Length);
        return chosen;
    }

    /// <summary>A time for each candidate; infinite for one whose answer is wrong.</summary>
    private double[] Times(CheckContext context, Version capability, TimedScene scene, AttentionShape shape, TensorTuning[] candidates)
    {
        scene.Use(new GpuAttention(context.Device, Options with { TensorCores = false }));
        float[] expected = scene.Answer();
        return Array.ConvertAll(candidates, candidate =>
        {
            scene.Use(new GpuAttention(context.Device, Options, TensorTable.Of(capability, candidate)));
            double error = Error(scene.Answer(), expected);
            if (!(error <= Tolerance))
            {
                context.Report.Failures.Add($"{candidate} is {error:E2} from the portable kernels at {shape}");
                return double.PositiveInfinity;
            }

            return DeviceTimer.MedianMilliseconds(context.Device, context.Rounds, scene.Attend);
        });
    }

    /// <summary>The default first.</summary>
    private static IEnumerable<TensorTuning> Candidates(CheckContext context, int dim) =>
        new[] { TensorTuning.DefaultOf(dim) }.Concat(
            from block in DecodeBlock.All
            from granule in context.Quick ? Granules.Take(2) : Granules
            from waves in context.Quick ? Waves.Take(1) : Waves
            select new TensorTuning(block, granule, waves)).Distinct();

    private static (int Rows, int Length)[] Batches(CheckContext context) =>
        context.Quick ? [(1, 2048), (4, 512)] : [(1, 4096), (1, 32768), (8, 4096), (16, 16384), (64, 1024), (64, 4096)];

    private static double Error(float[] ours, float[] expected)
    {
        double difference = 0;
        double size = 0;
        for (int i = 0; i < ours.Length; i++)
        {
            difference += Math.Pow((double)ours[i] - expected[i], 2);
            size += Math.Pow(expected[i], 2);
        }

        return Math.Sqrt(difference / Math.Max(size, double.Epsilon));
    }
}
