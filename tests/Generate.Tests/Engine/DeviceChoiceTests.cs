using Generate.Engine;
using KvCache.Gpu;
using Xunit;

namespace Generate.Tests.Engine;

public sealed class DeviceChoiceTests
{
    [Theory]
    [InlineData("cpu", null, 0)]
    [InlineData("cpu-accelerator", GpuDeviceKind.CpuAccelerator, 0)]
    [InlineData("cuda", GpuDeviceKind.Cuda, 0)]
    [InlineData("cuda:0", GpuDeviceKind.Cuda, 0)]
    [InlineData("cuda:17", GpuDeviceKind.Cuda, 17)]
    public void A_device_has_a_name_and_may_have_a_number(string name, GpuDeviceKind? kind, int ordinal)
    {
        Assert.True(DeviceChoice.TryParse(name, out DeviceChoice choice));
        Assert.Equal(new DeviceChoice(kind, ordinal), choice);
    }

    [Theory]
    [InlineData("")]
    [InlineData("CUDA")]
    [InlineData("gpu")]
    [InlineData("cuda:")]
    [InlineData("cuda:-1")]
    [InlineData("cuda:x")]
    [InlineData("cuda:99999999999")]
    [InlineData("cpu:0")]
    public void Anything_else_is_none(string name) => Assert.False(DeviceChoice.TryParse(name, out _));
}
