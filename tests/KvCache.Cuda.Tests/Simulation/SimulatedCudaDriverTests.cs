using KvCache.Cuda.Driver;
using KvCache.Cuda.Simulation;
using Xunit;

namespace KvCache.Cuda.Tests.Simulation;

public sealed unsafe class SimulatedCudaDriverTests
{
    private const ulong Granularity = RawDriver.Granularity;

    [Fact]
    public void Eighty_gigabytes_cost_nothing()
    {
        using SimulatedCudaDriver simulator = new(new SimulatedCudaOptions { MemoryBytes = 80L << 30 });
        using CudaDevice device = CudaDevice.Open(simulator.Driver);
        Assert.Equal((80L << 30, 80L << 30), device.GetMemoryInfo());
        using CudaVirtualMemory memory = new(device);
        Assert.Equal(40_960, memory.ChunkCapacity);
        Assert.True(memory.TryReserve(64L << 30, out nint address));
        int[] chunks = [.. Enumerable.Range(0, 32_768)];
        Assert.True(memory.TryCreate(chunks));
        Assert.True(memory.TryMap(address, chunks, writable: true));
        Assert.Equal((16L << 30, 80L << 30), device.GetMemoryInfo());
        Assert.Equal(64L << 30, simulator.PeakBytes);
        Assert.False(device.HasMemory || device.IsHostAccessible);
    }

    [Fact]
    public void Calls_are_charged_as_measured_and_the_same_seed_gives_the_same_times()
    {
        TimeSpan first = Run(1, out IReadOnlyList<SimulatedCudaCalls> calls);
        Assert.Equal(first, Run(1, out _));
        Assert.NotEqual(first, Run(2, out _));
        Assert.Equal(193, MeanOf(calls, "cuMemCreate"), 10.0);
        Assert.Equal(1.45, MeanOf(calls, "cuMemMap"), 0.7);
        Assert.Equal(36, MeanOf(calls, "cuMemSetAccess"), 4.0);
        Assert.Equal(first.TotalMicroseconds, calls.Sum(call => call.Total.TotalMicroseconds), 20.0);
    }

    [Fact]
    public void After_much_was_released_giving_access_stalls_once()
    {
        using RawDriver driver = new(new SimulatedCudaOptions
        {
            MemoryBytes = 4L << 30,
            Costs = SimulatedCudaCosts.Free with { Stall = 2_000, StallProbability = 1 },
        });
        ulong address = driver.MapRun(1);
        Assert.Equal(TimeSpan.Zero, driver.Simulator.Elapsed);
        RawDriver.Succeed(driver.Entries.cuMemRelease(driver.Create((1UL << 30) / Granularity)));
        RawDriver.Succeed(driver.SetAccess(address));
        Assert.Equal(TimeSpan.FromMilliseconds(2), driver.Simulator.Elapsed);
        RawDriver.Succeed(driver.SetAccess(address));
        Assert.Equal(TimeSpan.FromMilliseconds(2), driver.Simulator.Elapsed);
    }

    [Fact]
    public void Access_to_more_mappings_than_the_driver_bears_is_refused()
    {
        using RawDriver driver = new(new SimulatedCudaOptions { MappingLimit = 2 });
        ulong address = driver.MapRun(2);
        RawDriver.Succeed(driver.Map(address + (2 * Granularity), driver.Create()));
        Assert.Equal(CudaError.OutOfMemory, driver.SetAccess(address + (2 * Granularity)));
        driver.Simulator.CheckContract();
    }

    [Fact]
    public void Lazy_work_runs_in_the_order_of_its_stream_and_across_streams_as_events_say()
    {
        using RawDriver driver = new();
        List<string> order = [];
        nint first = driver.Simulator.CreateStream();
        nint second = driver.Simulator.CreateStream();
        nint between;
        RawDriver.Succeed(driver.Entries.cuEventCreate(&between, 2));
        driver.Simulator.Launch(first, [], [], () => order.Add("a"));
        RawDriver.Succeed(driver.Entries.cuEventRecord(between, first));
        RawDriver.Succeed(driver.Entries.cuStreamWaitEvent(second, between, 0));
        driver.Simulator.Launch(second, [], [], () => order.Add("b"));
        driver.Simulator.Launch(first, [], [], () => order.Add("c"));
        Assert.Empty(order);
        RawDriver.Succeed(driver.Entries.cuStreamSynchronize(second));
        Assert.Equal(["a", "b"], order);
        driver.Simulator.RunPendingWork();
        Assert.Equal(["a", "b", "c"], order);
    }

    [Fact]
    public void What_a_kernel_throws_is_a_launch_that_failed_and_is_told()
    {
        using RawDriver driver = new();
        driver.Simulator.Launch(0, [], [], () => throw new InvalidDataException("wrong result"));
        Assert.Equal(CudaError.LaunchFailed, driver.Entries.cuCtxSynchronize());
        InvalidOperationException exception = Assert.Throws<InvalidOperationException>(driver.Simulator.CheckContract);
        Assert.IsType<InvalidDataException>(exception.InnerException);
    }

    [Fact]
    public void Calls_are_counted_by_thread()
    {
        using RawDriver driver = new();
        long before = driver.Simulator.CountCallsOfThisThread();
        Thread thread = new(() => driver.Entries.cuCtxSetCurrent(driver.Context));
        thread.Start();
        thread.Join();
        Assert.Equal(before, driver.Simulator.CountCallsOfThisThread());
        driver.Create();
        Assert.Equal(1, driver.Simulator.CountCallsOfThisThread("cuMemCreate"));
        Assert.Equal(before + 1, driver.Simulator.CountCallsOfThisThread());
        Assert.Throws<ArgumentException>(() => driver.Simulator.CountCallsOfThisThread("cuLaunchKernel"));
    }

    [Fact]
    public void New_memory_is_not_zero_so_that_nobody_relies_on_it()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "A simulated device with memory needs Linux.");
        using RawDriver driver = new(new SimulatedCudaOptions { HasMemory = true });
        ulong allocated;
        RawDriver.Succeed(driver.Entries.cuMemAlloc_v2(&allocated, 100));
        Assert.NotEqual(0, *(long*)allocated);
        Assert.NotEqual(0, *(long*)driver.MapRun(1));
    }

    [Theory]
    [InlineData(0, 1 << 16)]
    [InlineData(1, 2048)]
    [InlineData(1, (1 << 16) + 4096)]
    public void Options_out_of_range_are_refused(long memory, long granularity)
    {
        Assert.Throws<ArgumentOutOfRangeException>(
            () => new SimulatedCudaDriver(new SimulatedCudaOptions { MemoryBytes = memory, GranularityBytes = granularity }));
    }

    private static TimeSpan Run(int seed, out IReadOnlyList<SimulatedCudaCalls> calls)
    {
        using RawDriver driver = new(new SimulatedCudaOptions { Seed = seed });
        for (int i = 0; i < 1_000; i++)
        {
            driver.MapRun(1);
        }

        calls = driver.Simulator.GetCalls();
        return driver.Simulator.Elapsed;
    }

    private static double MeanOf(IReadOnlyList<SimulatedCudaCalls> calls, string entryPoint)
    {
        SimulatedCudaCalls call = calls.Single(call => call.EntryPoint == entryPoint);
        return call.Total.TotalMicroseconds / call.Count;
    }
}
