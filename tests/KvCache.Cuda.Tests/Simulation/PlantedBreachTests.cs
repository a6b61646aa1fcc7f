using KvCache.Cuda.Driver;
using KvCache.Cuda.Simulation;
using Xunit;

namespace KvCache.Cuda.Tests.Simulation;

/// <summary>Each way of breaking the driver's contract, planted on purpose, is noted under its name and answered as the driver answers it.</summary>
public sealed unsafe class PlantedBreachTests : IDisposable
{
    private const ulong Granularity = RawDriver.Granularity;
    private readonly RawDriver _driver = new();

    [Fact]
    public void A_correct_run_breaks_nothing()
    {
        ulong address = _driver.MapRun(2);
        ulong other = _driver.Reserve(1);
        ulong handle = _driver.Create();
        RawDriver.Succeed(_driver.Map(other, handle));
        RawDriver.Succeed(_driver.SetAccess(other, access: CudaAccess.Read));
        nint stream = _driver.CreateStream();
        RawDriver.Succeed(_driver.Entries.cuMemcpyDtoDAsync_v2(address + Granularity - 8, other, 16, stream));
        RawDriver.Succeed(_driver.Entries.cuStreamSynchronize(stream));
        RawDriver.Succeed(_driver.Unmap(other));
        RawDriver.Succeed(_driver.Unmap(address, 2));
        _driver.Simulator.CheckContract();
    }

    [Fact]
    public void A_part_of_a_mapping_is_unmapped()
    {
        ulong address = _driver.Reserve(2);
        RawDriver.Succeed(_driver.Map(address, _driver.Create(2), 2));
        Expect(SimulatedCudaBreachKind.PartialUnmap, CudaError.InvalidValue, _driver.Unmap(address));
        Assert.Equal(1, _driver.Simulator.MappingCount);
    }

    [Fact]
    public void A_range_with_a_hole_is_unmapped()
    {
        ulong address = _driver.MapRun(3);
        RawDriver.Succeed(_driver.Unmap(address + Granularity));
        Expect(SimulatedCudaBreachKind.PartialUnmap, CudaError.InvalidValue, _driver.Unmap(address, 3));
        Assert.Equal(2, _driver.Simulator.MappingCount);
    }

    [Fact]
    public void A_range_is_unmapped_before_the_fence_of_work_that_reads_it()
    {
        ulong address = _driver.MapRun(2);
        nint stream = _driver.Simulator.CreateStream();
        nint fence;
        RawDriver.Succeed(_driver.Entries.cuEventCreate(&fence, 2));
        _driver.Simulator.Launch(stream, [new SimulatedRange((nint)address, (long)(2 * Granularity))]);
        RawDriver.Succeed(_driver.Entries.cuEventRecord(fence, stream));

        // The driver does not wait, and answers that all is well: the kernel finds out.
        RawDriver.Succeed(_driver.Unmap(address + Granularity));
        Assert.Equal(SimulatedCudaBreachKind.UnmapWhileInUse, Assert.Single(_driver.Simulator.Breaches).Kind);
        Assert.Equal(CudaError.IllegalAddress, _driver.Entries.cuEventSynchronize(fence));
        Assert.Equal(CudaError.IllegalAddress, _driver.Unmap(address)); // the context is lost
        Assert.Equal(
            [SimulatedCudaBreachKind.UnmapWhileInUse, SimulatedCudaBreachKind.IllegalAccess], _driver.Simulator.Breaches.Select(breach => breach.Kind));
    }

    [Fact]
    public void A_range_is_unmapped_after_the_fence()
    {
        ulong address = _driver.MapRun(2);
        nint stream = _driver.Simulator.CreateStream();
        nint fence;
        RawDriver.Succeed(_driver.Entries.cuEventCreate(&fence, 2));
        _driver.Simulator.Launch(stream, [new SimulatedRange((nint)address, (long)(2 * Granularity))]);
        RawDriver.Succeed(_driver.Entries.cuEventRecord(fence, stream));
        Assert.Equal(CudaError.NotReady, _driver.Entries.cuEventQuery(fence));
        Assert.Equal(CudaError.Success, _driver.Entries.cuEventQuery(fence));
        RawDriver.Succeed(_driver.Unmap(address, 2));
        _driver.Simulator.CheckContract();
    }

    [Fact]
    public void Memory_is_mapped_where_something_is_mapped()
    {
        ulong address = _driver.MapRun(2);
        Expect(SimulatedCudaBreachKind.DoubleMap, CudaError.InvalidValue, _driver.Map(address + Granularity, _driver.Create()));
    }

    [Fact]
    public void Memory_is_mapped_outside_of_a_reservation()
    {
        ulong address = _driver.Reserve(2);
        Expect(SimulatedCudaBreachKind.OutsideReservation, CudaError.InvalidValue, _driver.Map(address + Granularity, _driver.Create(2), 2));
    }

    [Fact]
    public void A_handle_is_released_twice()
    {
        ulong handle = _driver.Create();
        RawDriver.Succeed(_driver.Entries.cuMemRelease(handle));
        Expect(SimulatedCudaBreachKind.InvalidHandle, CudaError.InvalidValue, _driver.Entries.cuMemRelease(handle));
        Assert.Equal(0, _driver.Simulator.UsedBytes);
    }

    [Fact]
    public void A_released_handle_is_mapped()
    {
        ulong address = _driver.Reserve(2);
        ulong handle = _driver.Create();
        RawDriver.Succeed(_driver.Map(address, handle));
        RawDriver.Succeed(_driver.Entries.cuMemRelease(handle));
        Expect(SimulatedCudaBreachKind.InvalidHandle, CudaError.InvalidValue, _driver.Map(address + Granularity, handle));
    }

    [Fact]
    public void Memory_that_is_released_while_mapped_is_in_use_until_the_last_mapping_is_gone()
    {
        ulong address = _driver.Reserve(2);
        ulong handle = _driver.Create();
        RawDriver.Succeed(_driver.Map(address, handle));
        RawDriver.Succeed(_driver.Map(address + Granularity, handle));
        RawDriver.Succeed(_driver.Entries.cuMemRelease(handle));
        RawDriver.Succeed(_driver.Unmap(address));
        Assert.Equal((long)Granularity, _driver.Simulator.UsedBytes);
        RawDriver.Succeed(_driver.Unmap(address + Granularity));
        Assert.Equal(0, _driver.Simulator.UsedBytes);
        _driver.Simulator.CheckContract();
    }

    [Fact]
    public void Work_touches_a_range_to_which_no_access_was_given()
    {
        ulong address = _driver.Reserve(1);
        RawDriver.Succeed(_driver.Map(address, _driver.Create()));
        RawDriver.Succeed(_driver.Entries.cuMemsetD8Async(address, 0, 8, 0));
        Expect(SimulatedCudaBreachKind.IllegalAccess, CudaError.IllegalAddress, _driver.Entries.cuStreamSynchronize(0));
    }

    [Fact]
    public void Work_writes_where_it_may_only_read()
    {
        ulong address = _driver.MapRun(1);
        RawDriver.Succeed(_driver.SetAccess(address, access: CudaAccess.Read));
        _driver.Simulator.Launch(0, reads: [], writes: [new SimulatedRange((nint)address, 8)]);
        Expect(SimulatedCudaBreachKind.IllegalAccess, CudaError.IllegalAddress, _driver.Entries.cuCtxSynchronize());
    }

    [Fact]
    public void Work_reads_past_the_end_of_what_is_mapped()
    {
        ulong address = _driver.MapRun(2);
        _driver.Simulator.Launch(0, [new SimulatedRange((nint)address, (long)(2 * Granularity) + 1)]);
        Expect(SimulatedCudaBreachKind.IllegalAccess, CudaError.IllegalAddress, _driver.Entries.cuCtxSynchronize());
    }

    [Fact]
    public void Access_is_set_on_a_range_with_a_hole()
    {
        ulong address = _driver.MapRun(2);
        Expect(SimulatedCudaBreachKind.AccessOutsideMapping, CudaError.InvalidValue, _driver.SetAccess(address, 3));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    [InlineData(Granularity - 4096)]
    public void A_length_is_no_multiple_of_the_granularity(ulong bytes)
    {
        Expect(SimulatedCudaBreachKind.Granularity, CudaError.InvalidValue, _driver.Create(bytes, out _));
    }

    [Fact]
    public void An_address_is_no_multiple_of_the_granularity()
    {
        ulong address = _driver.Reserve(2);
        Expect(SimulatedCudaBreachKind.Granularity, CudaError.InvalidValue, _driver.Map(address + 4096, _driver.Create()));
    }

    [Fact]
    public void Addresses_are_freed_while_something_is_mapped_there()
    {
        ulong address = _driver.MapRun(1);
        Expect(SimulatedCudaBreachKind.InvalidFree, CudaError.InvalidValue, _driver.Entries.cuMemAddressFree(address, (nuint)(2 * Granularity)));
    }

    [Fact]
    public void Addresses_are_freed_in_part()
    {
        ulong address = _driver.Reserve(2);
        Expect(SimulatedCudaBreachKind.InvalidFree, CudaError.InvalidValue, _driver.Entries.cuMemAddressFree(address, (nuint)Granularity));
    }

    [Fact]
    public void A_thread_without_a_context_calls()
    {
        ulong address = _driver.Reserve(1);
        ulong handle = _driver.Create();
        CudaError answer = CudaError.Success;
        Thread thread = new(() => answer = _driver.Map(address, handle));
        thread.Start();
        thread.Join();
        Expect(SimulatedCudaBreachKind.NoContext, CudaError.InvalidContext, answer);
    }

    [Fact]
    public void A_destroyed_stream_is_used()
    {
        nint stream = _driver.CreateStream();
        RawDriver.Succeed(_driver.Entries.cuStreamDestroy_v2(stream));
        Expect(SimulatedCudaBreachKind.InvalidHandle, CudaError.InvalidValue, _driver.Entries.cuStreamSynchronize(stream));
    }

    [Fact]
    public void Mappings_change_while_work_runs_on_a_device_that_does_not_bear_it()
    {
        using RawDriver volta = new(new SimulatedCudaOptions { ComputeCapability = new Version(7, 0) });
        ulong address = volta.MapRun(2);
        volta.Simulator.Launch(0, [new SimulatedRange((nint)address, 8)]);
        RawDriver.Succeed(volta.Unmap(address + Granularity));
        Assert.Equal(SimulatedCudaBreachKind.MapWhileRunning, Assert.Single(volta.Simulator.Breaches).Kind);
    }

    [Fact]
    public void A_handle_a_mapping_and_a_range_are_not_given_back()
    {
        _driver.MapRun(1);
        RawDriver.Succeed(_driver.Entries.cuDevicePrimaryCtxRelease_v2(0));
        InvalidOperationException exception = Assert.Throws<InvalidOperationException>(_driver.Simulator.CheckLeaks);
        Assert.All(_driver.Simulator.Breaches, breach => Assert.Equal(SimulatedCudaBreachKind.Leak, breach.Kind));
        Assert.Equal(3, _driver.Simulator.Breaches.Count);
        Assert.Contains("1 handles of physical memory were not given back", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Memory_streams_events_and_contexts_are_not_given_back()
    {
        ulong address;
        nint created;
        void* host;
        RawDriver.Succeed(_driver.Entries.cuMemAlloc_v2(&address, 100));
        RawDriver.Succeed(_driver.Entries.cuMemHostAlloc(&host, 100, 0));
        RawDriver.Succeed(_driver.Entries.cuStreamCreate(&created, 0));
        RawDriver.Succeed(_driver.Entries.cuEventCreate(&created, 0));
        Assert.Throws<InvalidOperationException>(_driver.Simulator.CheckLeaks);
        Assert.Equal(5, _driver.Simulator.Breaches.Count);
    }

    [Fact]
    public void Memory_runs_out_at_the_chosen_call_and_is_no_breach()
    {
        _driver.Simulator.FailCall(2, CudaError.OutOfMemory, "cuMemCreate");
        _driver.Create();
        Assert.Equal(CudaError.OutOfMemory, _driver.Create(Granularity, out _));
        _driver.Create();
        _driver.Simulator.OtherBytes = _driver.Simulator.FreeBytes;
        Assert.Equal(CudaError.OutOfMemory, _driver.Create(Granularity, out _));
        _driver.Simulator.CheckContract();
    }

    public void Dispose() => _driver.Dispose();

    private void Expect(SimulatedCudaBreachKind kind, CudaError error, CudaError answer)
    {
        Assert.Equal(error, answer);
        SimulatedCudaBreach breach = Assert.Single(_driver.Simulator.Breaches);
        Assert.Equal(kind, breach.Kind);
        InvalidOperationException exception = Assert.Throws<InvalidOperationException>(_driver.Simulator.CheckContract);
        Assert.Contains(breach.Message, exception.Message, StringComparison.Ordinal);
    }
}
