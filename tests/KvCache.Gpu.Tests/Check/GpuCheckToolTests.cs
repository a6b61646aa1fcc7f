using KvCache.Gpu.Kernels;
using KvCache.GpuCheck;
using KvCache.GpuCheck.Checks;
using Xunit;

namespace KvCache.Gpu.Tests.Check;

/// <summary>The check program as its users start it: what it prints and which code it ends with.</summary>
public sealed class GpuCheckToolTests
{
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    [Fact]
    public void The_list_names_every_check_and_every_kernel_without_a_device()
    {
        Assert.Equal(0, Run("--list"));

        string text = _output.ToString();
        Assert.All(GpuChecks.All, check => Assert.Contains($"  {check.Name}: {check.Summary}", text, StringComparison.Ordinal));
        Assert.All(KernelCatalog.All, kernel => Assert.Contains($"  {kernel.Name}\n", text.ReplaceLineEndings("\n"), StringComparison.Ordinal));
        Assert.Empty(_error.ToString());
    }

    [Fact]
    public void Without_a_device_it_says_so_in_one_line()
    {
        Assert.SkipWhen(GpuDevice.Enumerate().Any(static info => info.Kind == GpuDeviceKind.Cuda), "This machine has a CUDA device.");

        Assert.Equal(3, Run());

        string line = Assert.Single(_error.ToString().ReplaceLineEndings("\n").TrimEnd('\n').Split('\n'));
        Assert.StartsWith("gpu-check: There is no CUDA device 0.", line, StringComparison.Ordinal);
        Assert.Contains("cpu-accelerator", line, StringComparison.Ordinal);
        Assert.Empty(_output.ToString());
    }

    [Theory]
    [InlineData("'vulkan'", "--device", "vulkan")]
    [InlineData("'cuda:-1'", "--device", "cuda:-1")]
    [InlineData("--fast", "--fast")]
    [InlineData("'nothing'", "--only", "nothing")]
    public void Wrong_options_are_named(string named, params string[] arguments)
    {
        Assert.Equal(2, Run(arguments));

        string line = Assert.Single(_error.ToString().ReplaceLineEndings("\n").TrimEnd('\n').Split('\n'));
        Assert.Contains(named, line, StringComparison.Ordinal);
    }

    private int Run(params string[] arguments) => GpuCheckTool.Run(arguments, _output, _error);
}
