using KvCache.Gpu.Attention;
using KvCache.Gpu.Tests.Attention;
using KvCache.Memory;
using KvCache.Specs.Attention;
using Xunit;

namespace KvCache.Gpu.FakeDriver.Tests.Tensor;

/// <summary>A step's launches can be captured into a CUDA graph: nothing else reaches the driver, and their geometry is that of a bucket.</summary>
public sealed class CaptureTests : FakeDriverTest
{
    [Theory]
    [InlineData("700+1,33+1,0+1")]
    [InlineData("0+70,20+9")]
    [InlineData("300+1,0+40,5+0,20+1")]
    public void Only_launches_reach_the_stream_while_a_step_is_captured(string rows)
    {
        using GpuAttention attention = new(Device, KernelFolder.Options);
        using AttentionScene scene = Scene(rows);

        // The first call of a bucket loads kernels and makes room; a step's tables are brought before the capture begins.
        Call(attention, scene);
        Device.Upload(scene.View);
        FakeDriver.RunEverything();
        FakeDriver.TakeLog();
        Assert.Equal(0, FakeDriver.BeginCapture(Stream));
        Call(attention, scene);
        Call(attention, scene);
        Assert.Equal(0, FakeDriver.EndCapture(Stream));
        string[] log = FakeDriver.TakeLog();
        Assert.Equal(("begin capture", "end capture"), (log[0], log[^1]));
        Assert.All(log[1..^1], static line => Assert.True(
            line == "captured" || (line.StartsWith("launch", StringComparison.Ordinal) && !line.Contains("stream 0 ", StringComparison.Ordinal)), line));
        Assert.Equal(log.Count(static line => line == "captured"), log.Count(static line => line.StartsWith("launch", StringComparison.Ordinal)));
    }

    /// <summary>What is forbidden in a capture is noticed: this test could fail.</summary>
    [Fact]
    public void The_stand_in_notices_what_must_not_be_captured()
    {
        int before = FakeDriver.Count().CaptureViolations;
        Assert.Equal(0, FakeDriver.BeginCapture(Stream));
        Assert.ThrowsAny<Exception>(() => Device.TryAllocate(4096, out KvArena? _));
        Assert.Equal(0, FakeDriver.EndCapture(Stream));
        Assert.Equal(before + 1, FakeDriver.Count().CaptureViolations);
        ExpectedCaptureViolations = 1;
    }

    [Fact]
    public void Lengths_of_a_bucket_have_one_geometry()
    {
        using GpuAttention attention = new(Device, KernelFolder.Options);
        string[][] geometries = [.. ((string[])["257+1,9+1", "300+1,100+1", "511+1,0+1"]).Select(rows => Geometry(attention, rows))];
        Assert.Equal(geometries[0], geometries[1]);
        Assert.Equal(geometries[0], geometries[2]);
        Assert.NotEqual(geometries[0], Geometry(attention, "512+1,9+1"));
    }

    [Theory]
    [InlineData("700+1,33+1,0+1")]
    [InlineData("300+1,0+40,5+0,20+1")]
    public void Calls_allocate_nothing_on_the_managed_heap(string rows)
    {
        using GpuAttention attention = new(Device, KernelFolder.Options);
        attention.KernelChosen += static (_, _) => { };
        using AttentionScene scene = Scene(rows);
        for (int i = 0; i < 40; i++)
        {
            Call(attention, scene);
        }

        long least = long.MaxValue;
        for (int round = 0; round < 10 && least > 0; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 25; i++)
            {
                Call(attention, scene);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    private static void Call(GpuAttention attention, AttentionScene scene)
    {
        attention.Append(scene.View, scene.Keys.Tensor, scene.Values.Tensor);
        attention.Attend(scene.View, scene.Queries.Tensor, scene.Output.Tensor, scene.Case.Scoring);
    }

    /// <summary>Grids, blocks and shared memory of a call.</summary>
    private string[] Geometry(GpuAttention attention, string rows)
    {
        using AttentionScene scene = Scene(rows);
        Call(attention, scene);
        FakeDriver.TakeLog();
        Call(attention, scene);
        return [.. FakeDriver.TakeLog().Where(static line => line.StartsWith("launch", StringComparison.Ordinal)).Select(static line => line.Split(" first ")[0])];
    }

    private AttentionScene Scene(string rows)
    {
        AttentionScene scene = new(new GpuSite(Device), AttentionCase.Of(KvElementType.BFloat16, (2, 4), (128, 128), rows));
        scene.Fill();
        return scene;
    }
}
