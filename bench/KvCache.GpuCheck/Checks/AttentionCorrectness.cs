using KvCache.Attention;
using KvCache.Gpu;
using KvCache.Gpu.Attention;
using KvCache.GpuCheck.Report;
using KvCache.GpuCheck.Workloads;

namespace KvCache.GpuCheck.Checks;

/// <summary>Holds every choice of kernels to the processor's attention, on drawn batches in a cache full of NaN.</summary>
/// <remarks>Both read the same stored numbers, so that the tolerance is that of float32 sums whatever the cache's type.</remarks>
internal sealed class AttentionCorrectness : IGpuCheck
{
    internal const double Tolerance = 1e-5;

    public string Name => "attention-correct";

    public string Summary => "decode, prefill and mixed batches against the processor's attention, drawn shapes, poisoned surroundings";

    public void Run(CheckContext context)
    {
        bool slow = context.Device.Info.Kind == GpuDeviceKind.CpuAccelerator;
        int cases = slow ? 6 : context.Quick ? 60 : 300;
        CheckTable table = new("Attention against the processor's", "kernels", "cases", "largest relative error", "wrong");
        using CpuAttention host = new();
        foreach ((string kernels, KernelPolicy policy) in Policies(context.Device))
        {
            using GpuAttention attention = new(context.Device, policy);
            double worst = 0;
            int wrong = 0;
            for (int seed = 0; seed < cases; seed++)
            {
                AttentionCase drawn = AttentionCase.Draw(seed, slow ? 40 : 1500);
                double error = drawn.Tokens == 0 ? 0 : ErrorOf(drawn, new HostAnswer(drawn, host), context.Device, attention);
                worst = Math.Max(worst, error);
                if (error > Tolerance)
                {
                    wrong++;
                    context.Report.Failures.Add($"{kernels}: relative error {error:E2} at {drawn}");
                }
            }

            table.Add(kernels, cases, worst, wrong);
        }

        context.Report.Tables.Add(table);
    }

    /// <summary>The choice that the device gets by itself, and the one without exchange between threads.</summary>
    private static IEnumerable<(string Name, KernelPolicy Policy)> Policies(GpuDevice device)
    {
        KernelPolicy own = KernelPolicy.For(device.Accelerator);
        if (own.SharesWork)
        {
            yield return ("threads share work", own);
            yield return ("threads share work, short segments", own with { SegmentGranule = 32, BusyWarps = own.BusyWarps * 8 });
        }

        yield return ("threads work alone", KernelPolicy.ForThreads(device.Accelerator));
    }

    /// <summary>How far a device's answer to a case is from the processor's, in a paged cache.</summary>
    internal static double ErrorOf(AttentionCase drawn, HostAnswer host, GpuDevice device, GpuAttention attention)
    {
        using CacheScene scene = new(device, drawn.Shape, 1, drawn.Lengths, drawn.Seed);
        return ErrorOf(scene, drawn, host, device, attention);
    }

    /// <summary>How far a device's answer to a case is from the processor's, in any cache of one layer.</summary>
    internal static double ErrorOf(IScene scene, AttentionCase drawn, HostAnswer host, GpuDevice device, GpuAttention attention)
    {
        AttentionShape shape = drawn.Shape;
        scene.ForEachRegion((address, bytes) => DeviceBuffer.Fill(device, address, bytes, Patterns.Poison));
        int prefix = drawn.Cached.Sum();
        using DeviceBuffer prefixKeys = DeviceBuffer.Of<float>(device, host.PrefixKeys);
        using DeviceBuffer prefixValues = DeviceBuffer.Of<float>(device, host.PrefixValues);
        using DeviceBuffer keys = DeviceBuffer.Of<float>(device, host.Keys);
        using DeviceBuffer values = DeviceBuffer.Of<float>(device, host.Values);
        using DeviceBuffer queries = DeviceBuffer.Of<float>(device, host.Queries);
        using DeviceBuffer output = new(device, host.Output.Length * sizeof(float));
        using (KvStep step = scene.Begin(drawn.Cached))
        {
            KvLayerView view = step.Enter(0);
            attention.Append(
                view,
                prefixKeys.AsTensor(prefix, shape.KvHeads, shape.KeyDim),
                prefixValues.AsTensor(prefix, shape.KvHeads, shape.ValueDim));
            step.Leave(0);
            step.Complete();
        }

        using KvStep asked = scene.Begin(drawn.New);
        KvLayerView layer = asked.Enter(0);
        attention.Append(
            layer, keys.AsTensor(drawn.Tokens, shape.KvHeads, shape.KeyDim), values.AsTensor(drawn.Tokens, shape.KvHeads, shape.ValueDim));
        attention.Attend(
            layer,
            queries.AsTensor(drawn.Tokens, shape.QueryHeads, shape.KeyDim),
            output.AsTensor(drawn.Tokens, shape.QueryHeads, shape.ValueDim),
            default);
        return host.ErrorOf(output.ReadFloats());
    }
}
