using KvCache.Layerwise;
using KvCache.Memory;
using KvCache.Specs;
using KvCache.Specs.Devices;
using Xunit;

namespace KvCache.Tests.Layerwise;

/// <summary>The link of a thread of its own: units, order, what goes first, the hook, and the end.</summary>
public sealed unsafe class HostLinkTests
{
    [Theory]
    [InlineData(1, 7)]
    [InlineData(64, 1000)]
    [InlineData(1 << 20, 100_000)]
    public void Bytes_arrive_whatever_the_unit(int unitBytes, int bytes)
    {
        byte[] source = new byte[bytes];
        new Random(bytes).NextBytes(source);
        byte[] destination = new byte[bytes];
        using HostLink link = new(unitBytes);
        Assert.Equal(unitBytes, link.UnitBytes);
        Assert.Null(link.BytesToHostPerSecond);
        fixed (byte* from = source, to = destination)
        {
            Assert.True(link.CopyToHost([new KvCopy((nint)from, (nint)to, bytes)]).Wait());
            Assert.Equal(source, destination);
        }

        Assert.True(link.BytesToHostPerSecond > 0);
        Assert.Null(link.BytesToDevicePerSecond);
    }

    [Fact]
    public void What_is_waited_for_goes_first_then_what_goes_to_the_device()
    {
        using ManualResetEventSlim gate = new();
        byte[] bytes = new byte[8];
        using HostLink link = new(beforeUnit: gate.Wait);
        fixed (byte* at = bytes)
        {
            // The first unit is taken and held at the hook; what follows is chosen among.
            KvTransfer held = link.CopyToHost([new KvCopy((nint)at, (nint)at + 1, 1)]);
            KvTransfer toHost = link.CopyToHost([new KvCopy((nint)at, (nint)at + 2, 1)]);
            KvTransfer toDevice = link.CopyToDevice([new KvCopy((nint)at, (nint)at + 3, 1)]);
            Assert.False(toHost.Fence.HasPassed || toDevice.Fence.HasPassed || held.Fence.HasPassed);
            gate.Set();
            Assert.True(toDevice.Wait() && toHost.Wait() && held.Wait());
        }
    }

    [Fact]
    public void The_hook_is_called_before_every_unit_and_where_it_throws_the_copy_fails()
    {
        int calls = 0;
        byte[] bytes = new byte[100];
        using HostLink link = new(unitBytes: 10, beforeUnit: () =>
        {
            calls++;
            if (calls == 7)
            {
                throw new InvalidOperationException("Not now.");
            }
        });
        fixed (byte* at = bytes)
        {
            KvCopy copy = new((nint)at, (nint)at + 50, 40);
            Assert.True(link.CopyToDevice([copy]).Wait());
            Assert.Equal(4, calls);
            KvTransfer failed = link.CopyToDevice([copy]);
            Assert.False(failed.Wait());
            Assert.True(failed.TryGetResult(out bool succeeded) && !succeeded);
            Assert.True(link.CopyToDevice([copy]).Wait());
        }
    }

    [Fact]
    public void Disposing_finishes_what_was_submitted_and_refuses_more()
    {
        byte[] source = new byte[1 << 16];
        new Random(1).NextBytes(source);
        byte[] destination = new byte[1 << 16];
        HostLink link = new(unitBytes: 16);
        fixed (byte* from = source, to = destination)
        {
            KvTransfer copy = link.CopyToHost([new KvCopy((nint)from, (nint)to, source.Length)]);
            link.Dispose();
            link.Dispose();
            Assert.True(copy.TryGetResult(out bool succeeded) && succeeded);
            Assert.Equal(source, destination);
            nint address = (nint)from;
            Assert.Throws<ObjectDisposedException>(() => link.CopyToHost([new KvCopy(address, address, 1)]));
        }
    }

    [Fact]
    public void Units_are_of_at_least_a_byte() => Assert.Throws<ArgumentOutOfRangeException>(() => new HostLink(0));

    [Fact]
    public void A_device_that_the_processor_cannot_reach_needs_a_link()
    {
        ContractSetup setup = new() { Device = new Far() };
        ArgumentException fault = Assert.Throws<ArgumentException>(
            () => new LayerwiseKvAllocator(LayerwiseAllocators.OptionsOf(setup, layers: 2, staging: 2)));
        Assert.Equal("Link", fault.ParamName);
    }

    [Fact]
    public void A_refused_arena_leaves_none_behind()
    {
        LateFenceDevice host = new();
        ContractSetup setup = new() { Device = new Far() };
        Assert.Throws<InsufficientMemoryException>(() => new LayerwiseKvAllocator(
            LayerwiseAllocators.OptionsOf(setup, layers: 2, staging: 2) with { HostMemory = host, Link = new WaywardLink(seed: 1) }));
        Assert.Equal(0, host.LiveArenas);
    }

    /// <summary>A device whose memory the processor cannot reach, and of which there is none.</summary>
    private sealed class Far : IKvDevice
    {
        public string Name => "far";

        public bool HasMemory => true;

        public bool IsHostAccessible => false;

        public bool TryAllocate(long bytes, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out KvArena? arena)
        {
            arena = null;
            return false;
        }

        public KvTransfer Copy(ReadOnlySpan<KvCopy> copies) => default;

        public KvFence RecordFence() => default;
    }
}
