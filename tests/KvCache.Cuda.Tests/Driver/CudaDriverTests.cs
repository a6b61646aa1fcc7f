using System.Reflection;
using System.Runtime.InteropServices;
using KvCache.Cuda.Driver;
using KvCache.Cuda.Simulation;
using Xunit;

namespace KvCache.Cuda.Tests.Driver;

public sealed class CudaDriverTests
{
    [Fact]
    public void The_table_is_in_the_order_of_its_names()
    {
        string[] fields = [.. typeof(CudaEntryPoints).GetFields(BindingFlags.Public | BindingFlags.Instance).OrderBy(field => field.MetadataToken).Select(field => field.Name)];
        Assert.Equal(Enum.GetNames<CudaEntryPoint>(), fields);
        CudaLayout.Check();
    }

    [Fact]
    public void Every_entry_of_the_double_s_table_is_filled()
    {
        using SimulatedCudaDriver simulator = new();
        CudaEntryPoints entries = simulator.Driver.Entries;
        ReadOnlySpan<nint> table = MemoryMarshal.Cast<CudaEntryPoints, nint>(MemoryMarshal.CreateReadOnlySpan(in entries, 1));
        Assert.Equal(-1, table.IndexOf(0));
    }

    [Fact]
    public void A_machine_without_a_driver_is_an_answer_with_a_reason()
    {
        if (CudaDriver.TryLoad(out CudaDriver? driver, out string? reason))
        {
            Assert.Skip($"A driver of CUDA {driver.Version} is here.");
        }

        Assert.Contains(OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1", reason, StringComparison.Ordinal);
        Assert.Equal(reason, Assert.Throws<PlatformNotSupportedException>(CudaDriver.Load).Message);
    }

    [Fact]
    public void Missing_functions_are_named()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Looks into the C library of Linux.");
        nint library = NativeLibrary.Load("libc.so.6");
        Assert.False(CudaLibrary.TryRead(library, "libc.so.6", out _, out string? reason));
        Assert.Contains("libc.so.6 has no cuInit, ", reason, StringComparison.Ordinal);
        Assert.Contains("cuMemSetAccess", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_refusal_names_the_function_the_error_and_what_follows()
    {
        using SimulatedCudaDriver simulator = new();
        CudaException mild = simulator.Driver.Describe(CudaError.InvalidValue, CudaEntryPoint.cuMemMap);
        Assert.Equal("cuMemMap failed: CUDA_ERROR_INVALID_VALUE (1).", mild.Message);
        Assert.Equal((CudaError.InvalidValue, "cuMemMap", false), (mild.Error, mild.EntryPoint, mild.IsSticky));
        CudaException fatal = simulator.Driver.Describe(CudaError.IllegalAddress, CudaEntryPoint.cuEventQuery);
        Assert.True(fatal.IsSticky);
        Assert.Contains("CUDA_ERROR_ILLEGAL_ADDRESS (700). The error ends the CUDA context", fatal.Message, StringComparison.Ordinal);
        Assert.Contains("(424)", simulator.Driver.Describe((CudaError)424, CudaEntryPoint.cuInit).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(214, true)]
    [InlineData(700, true)]
    [InlineData(701, false)]
    [InlineData(702, true)]
    [InlineData(708, false)]
    [InlineData(709, true)]
    [InlineData(710, true)]
    [InlineData(712, false)]
    [InlineData(713, false)]
    [InlineData(714, true)]
    [InlineData(719, true)]
    [InlineData(720, false)]
    [InlineData(2, false)]
    [InlineData(600, false)]
    [InlineData(999, false)]
    public void Errors_that_end_the_context_are_known(int error, bool sticky) => Assert.Equal(sticky, ((CudaError)error).IsSticky());

    [Fact]
    public void Devices_are_enumerated()
    {
        using SimulatedCudaDriver simulator = new(new SimulatedCudaOptions { MemoryBytes = 3L << 30, ComputeCapability = new Version(9, 0) });
        CudaDeviceInfo info = Assert.Single(simulator.Driver.GetDevices());
        Assert.Equal(new CudaDeviceInfo(0, "simulated", new Version(9, 0), 3L << 30, true), info);
        Assert.True(info.CanMapWhileRunning);
        Assert.True(simulator.Driver.IsSimulated);
        Assert.Equal(new Version(12, 4), simulator.Driver.Version);
        simulator.FailCall(1, CudaError.NoDevice, "cuDeviceGetCount");
        Assert.Empty(simulator.Driver.GetDevices());
    }
}
