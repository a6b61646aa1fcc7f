using KvCache.Gpu;
using Xunit;

namespace Generate.Tests.Golden;

/// <summary>The tool with a model and its cache on a device.</summary>
public sealed class DeviceTests
{
    [Fact]
    public void The_text_on_the_simulated_device_is_that_of_the_processor() =>
        Assert.Equal(Generate("cpu", "24"), Generate("cpu-accelerator", "24"));

    [Fact]
    public void The_text_on_a_GPU_is_that_of_the_processor()
    {
        Assert.SkipUnless(GpuDevice.Enumerate().Any(static device => device.Kind == GpuDeviceKind.Cuda), "There is no CUDA device.");
        Assert.Equal(Generate("cpu", "64"), Generate("cuda", "64"));
    }

    [Fact]
    public void A_device_that_is_not_there_is_refused_in_one_line_that_names_those_that_are()
    {
        ToolResult result = ToolResult.Run("--device", "cuda:999");
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Single(result.Error.TrimEnd().Split('\n'));
        Assert.StartsWith("generate: There is no CUDA device 999.", result.Error);
        Assert.Contains("cpu-accelerator (", result.Error);
    }

    private static string Generate(string device, string tokens)
    {
        ToolResult result = ToolResult.Run("--model", StoriesReference.ModelPath, "--tokens", tokens, "--device", device);
        Assert.Equal((0, true), (result.ExitCode, result.Output.Length > 16));
        return result.Output;
    }
}
