using KvCache.Memory;
using Xunit;

namespace KvCache.Gpu.FakeDriver.Tests;

/// <summary>What is copied, in which order, and that nothing is there before its fence.</summary>
public sealed class TransferTests : FakeDriverTest
{
    private const int Unit = 4096;

    [Fact]
    public void A_fence_that_has_not_fired_hides_its_data()
    {
        using KvArena arena = Allocate(2 * Unit);
        using GpuPinnedMemory host = AllocatePinned(2 * Unit);
        host.AsSpan(0, Unit).Fill(7);
        KvTransfer there = Device.CopyToDevice([new KvCopy(host.Address, arena.Address, Unit)]);
        AssertPending(there);
        Assert.False(Now(arena.Address, Unit).ContainsAnyExcept((byte)0));
        Device.Follow(there.Fence);
        KvTransfer within = Device.Copy([new KvCopy(arena.Address, arena.Address + Unit, Unit)]);
        AssertPending(within);
        KvTransfer back = Device.CopyToHost([new KvCopy(arena.Address + Unit, host.Address + Unit, Unit)]);
        AssertPending(back);
        AssertPending(there);

        Assert.True(back.Wait());
        Assert.False(host.AsSpan(Unit, Unit).ContainsAnyExcept((byte)7));
        Assert.True(there.TryGetResult(out bool first));
        Assert.True(within.TryGetResult(out bool second));
        Assert.True(first && second);
    }

    [Fact]
    public void Copies_to_and_from_the_host_have_streams_of_their_own_and_follow_what_was_submitted_before()
    {
        using KvArena arena = Allocate(Unit);
        using GpuPinnedMemory host = AllocatePinned(Unit);
        FakeDriver.TakeLog();
        Device.CopyToHost([new KvCopy(arena.Address, host.Address, 100)]);
        KvTransfer there = Device.CopyToDevice([new KvCopy(host.Address, arena.Address, 200)]);
        Device.Follow(there.Fence);
        string[] log = FakeDriver.TakeLog();

        string compute = log[0].Split("stream ")[1];
        string[] copyStreams = [.. log.Where(line => line.Contains("DtoH", StringComparison.Ordinal) || line.Contains("HtoD", StringComparison.Ordinal))
            .Select(line => line.Split("stream ")[1])];
        Assert.Equal(2, copyStreams.Distinct().Count());
        Assert.DoesNotContain(compute, copyStreams);
        Assert.Equal(
            [
                "record event # stream compute", "wait event # stream out", "DtoH 100 stream out", "record event # stream out",
                "record event # stream compute", "wait event # stream in", "HtoD 200 stream in", "record event # stream in",
                "wait event # stream compute",
            ],
            log.Select(line => Normalised(line, compute, copyStreams[0], copyStreams[1])));
    }

    [Fact]
    public void Every_piece_arrives_and_empty_ones_are_not_submitted()
    {
        using KvArena arena = Allocate(Unit);
        Now(arena.Address, 100).Fill(5);
        FakeDriver.TakeLog();
        KvTransfer transfer = Device.Copy(
        [
            new KvCopy(arena.Address, arena.Address + 1000, 60),
            new KvCopy(arena.Address, arena.Address + 2000, 0),
            new KvCopy(arena.Address + 60, arena.Address + 3000, 40),
        ]);
        Assert.Equal(2, FakeDriver.TakeLog().Count(line => line.StartsWith("DtoD", StringComparison.Ordinal)));
        Assert.True(transfer.Wait());
        Assert.Equal(200, Now(arena.Address, Unit).Count((byte)5));
    }

    [Fact]
    public void A_copy_that_the_driver_refuses_is_a_transfer_that_failed()
    {
        using KvArena arena = Allocate(Unit);
        FakeDriver.Fail("cuMemcpyDtoDAsync_v2", 1);
        KvTransfer failed = Device.Copy([new KvCopy(arena.Address, arena.Address + 100, 100)]);
        KvTransfer next = Device.Copy([new KvCopy(arena.Address, arena.Address + 100, 100)]);
        Assert.False(failed.Wait());
        Assert.True(next.Wait());
        Assert.False(failed.Wait());
        Assert.Equal(("cuMemcpyDtoDAsync_v2", "CUDA_ERROR_INVALID_VALUE"), (Device.LastError?.Operation, Device.LastError?.CodeName));
    }

    [Fact]
    public void Pieces_outside_the_devices_memory_are_refused_before_anything_is_submitted()
    {
        using KvArena arena = Allocate(Unit);
        FakeDriver.TakeLog();
        ArgumentOutOfRangeException refused = Assert.Throws<ArgumentOutOfRangeException>("copies", () => Device.Copy(
        [
            new KvCopy(arena.Address, arena.Address + 100, 100),
            new KvCopy(arena.Address, arena.Address + Unit - 1, 2),
        ]));
        Assert.Contains($"0x{arena.Address + Unit - 1:x}", refused.Message, StringComparison.Ordinal);
        Assert.Empty(FakeDriver.TakeLog());
    }

    [Fact]
    public void Where_no_event_can_be_recorded_the_work_itself_is_waited_for()
    {
        using KvArena arena = Allocate(Unit);
        Now(arena.Address, 100).Fill(5);
        FakeDriver.Fail("cuEventRecord", 1);
        KvTransfer transfer = Device.Copy([new KvCopy(arena.Address, arena.Address + 100, 100)]);
        Assert.True(transfer.TryGetResult(out bool succeeded));
        Assert.True(succeeded);
        Assert.Equal(5, Now(arena.Address + 199, 1)[0]);
    }

    [Fact]
    public void Work_that_fails_passes_all_fences_as_failed()
    {
        using KvArena arena = Allocate(Unit);
        KvTransfer before = Device.Copy([new KvCopy(arena.Address, arena.Address + 100, 100)]);
        Assert.True(before.Wait());
        KvTransfer during = Device.Copy([new KvCopy(arena.Address, arena.Address + 100, 100)]);
        KvFence step = Device.RecordFence();
        FakeDriver.Lose(700);
        step.Wait();
        Assert.True(during.TryGetResult(out bool succeeded));
        Assert.False(succeeded);
        Assert.True(before.Wait());
        Assert.Equal("CUDA_ERROR_ILLEGAL_ADDRESS", Device.LastError?.CodeName);
        Assert.False(Device.Copy([new KvCopy(arena.Address, arena.Address + 100, 100)]).Wait());

        // A lost context frees nothing; let the test give its memory back.
        FakeDriver.Lose(0);
    }

    private static void AssertPending(KvTransfer transfer)
    {
        Assert.False(transfer.TryGetResult(out bool succeeded));
        Assert.False(succeeded);
    }

    private static string Normalised(string line, string compute, string outwards, string inwards)
    {
        string[] parts = line.Split("stream ");
        string name = parts[1] == compute ? "compute" : parts[1] == outwards ? "out" : parts[1] == inwards ? "in" : parts[1];
        string head = parts[0].Contains("event", StringComparison.Ordinal) ? parts[0][..parts[0].IndexOf("event", StringComparison.Ordinal)] + "event # " : parts[0];
        return $"{head}stream {name}";
    }
}
