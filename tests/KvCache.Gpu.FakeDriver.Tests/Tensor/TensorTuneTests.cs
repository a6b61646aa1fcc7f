using KvCache.Gpu.Cuda;
using KvCache.GpuCheck;
using KvCache.GpuCheck.Checks;
using KvCache.GpuCheck.Tune;
using Xunit;

namespace KvCache.Gpu.FakeDriver.Tests.Tensor;

/// <summary>The search for the best choices, as far as it goes where nothing takes any time.</summary>
[Collection(OneDriver.Name)]
public sealed class TensorTuneTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kvcache-tune-").FullName;

    /// <summary>All candidates run, all take the same time, and the default stays.</summary>
    [Fact]
    public void Every_candidate_is_launched_and_the_table_is_one_that_the_library_reads()
    {
        FakeDriver.Require();
        TensorTune tune = new(_folder) { Shapes = [(64, 8)], Options = KernelFolder.Options };
        FakeDriver.TakeLog();
        Assert.Equal(0, Run(tune));
        TensorTuningTable table = TensorTuningTable.Parse(File.ReadAllText(Path.Combine(_folder, TensorTuningTable.FileName)));
        Assert.Equal(TensorTuning.DefaultOf(64), table.Find(new Version(9, 0), 64, 8));
        string[] launches = [.. FakeDriver.TakeLog().Where(static line => line.StartsWith("launch", StringComparison.Ordinal))];
        Assert.All(DecodeBlock.All, block => Assert.Contains(
            launches, launch => launch.Contains($" block {32 * block.Warps},1,1 shared {block.Warps * block.Stages * 4096} ", StringComparison.Ordinal)));
        string report = File.ReadAllText(Path.Combine(_folder, "gpu-check.md"));
        Assert.Contains("| 64 | 8 | 4×4 | 128 | 1 | 1 | 1 | 12 |", report, StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_without_such_tensor_cores_has_nothing_to_tune()
    {
        FakeDriver.Require();
        FakeDriver.SetCapability(75);
        try
        {
            Assert.Contains("nothing to tune", Assert.Throws<PlatformNotSupportedException>(() => Run(new TensorTune(_folder))).Message, StringComparison.Ordinal);
        }
        finally
        {
            FakeDriver.SetCapability(90);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private int Run(IGpuCheck check) => new GpuCheckRun(
        new GpuCheckOptions(GpuDeviceKind.Cuda, 0, List: false, Quick: true, [], _folder), [check], TextWriter.Null, TextWriter.Null).Run();
}
