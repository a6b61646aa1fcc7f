using ILGPU.Runtime.Cuda;
using KvCache.Memory;
using Xunit;

namespace KvCache.Gpu.FakeDriver.Tests;

/// <summary>A test on a device of the stand-in's; at its end everything has been given back and nothing was used wrongly.</summary>
[Collection(OneDriver.Name)]
public abstract class FakeDriverTest : IDisposable
{
    private readonly DriverCounts _before;

    protected FakeDriverTest()
    {
        FakeDriver.Require();
        _before = FakeDriver.Count();
        Device = FakeDriver.Open();
        FakeDriver.TakeLog();
    }

    protected GpuDevice Device { get; }

    /// <summary>Gets or sets how many calls the test has made on purpose that must not be captured.</summary>
    protected int ExpectedCaptureViolations { get; set; }

    /// <summary>The compute stream's handle.</summary>
    protected nint Stream => ((CudaStream)Device.Stream).StreamPtr;

    protected KvArena Allocate(long bytes)
    {
        Assert.True(Device.TryAllocate(bytes, out KvArena? arena));
        return arena;
    }

    protected GpuPinnedMemory AllocatePinned(long bytes)
    {
        Assert.True(Device.TryAllocatePinned(bytes, out GpuPinnedMemory? memory));
        return memory;
    }

    /// <summary>Device memory as it is now: the stand-in's device memory is the process's.</summary>
    protected static unsafe Span<byte> Now(nint address, int bytes) => new((void*)address, bytes);

    public void Dispose()
    {
        FakeDriver.Lose(0);
        Device.Dispose();
        Assert.Equal(_before with { PendingOperations = 0, CaptureViolations = _before.CaptureViolations + ExpectedCaptureViolations }, FakeDriver.Count());
        GC.SuppressFinalize(this);
    }
}
