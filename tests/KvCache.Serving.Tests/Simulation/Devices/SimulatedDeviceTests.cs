using FsCheck;
using FsCheck.Fluent;
using KvCache.Memory;
using KvCache.Serving.CostModels;
using KvCache.Serving.Simulation.Devices;
using Xunit;

namespace KvCache.Serving.Tests.Simulation.Devices;

/// <summary>How long steps take whose layers come and go: closed forms, the recurrence over layers, and bounds.</summary>
public sealed class SimulatedDeviceTests
{
    private static readonly Gen<StagedLayers> Steps =
        from layers in Gen.Choose(1, 12)
        from buffers in Gen.Choose(1, 4)
        from compute in Gen.Choose(0, 100).ArrayOf(layers)
        from reload in Gen.Frequency((1, Gen.Constant(0)), (2, Gen.Choose(1, 150))).ArrayOf(layers)
        from offload in Gen.Frequency((2, Gen.Constant(0)), (1, Gen.Choose(1, 150))).ArrayOf(layers)
        select new StagedLayers(buffers, Longs(compute), Longs(reload), Longs(offload));

    [Fact]
    public void With_everything_resident_a_step_takes_its_computing() =>
        Assert.Equal(32 * 70, new StagedLayers(2, Same(70), Same(0), Same(0)).Run(StagedLayers.Device()));

    [Fact]
    public void With_one_buffer_copies_and_computing_take_turns() =>
        Assert.Equal(32 * (70 + 50), new StagedLayers(1, Same(70), Same(50), Same(0)).Run(StagedLayers.Device()));

    [Fact]
    public void With_two_buffers_copies_hide_behind_computing_but_for_the_first() =>
        Assert.Equal(50 + (32 * 70), new StagedLayers(2, Same(70), Same(50), Same(0)).Run(StagedLayers.Device()));

    [Fact]
    public void Where_the_link_is_slower_a_step_takes_the_copies_and_the_last_layer() =>
        Assert.Equal((32 * 90) + 70, new StagedLayers(2, Same(70), Same(90), Same(0)).Run(StagedLayers.Device()));

    [Fact]
    public void Both_directions_are_used_at_a_time()
    {
        SimulatedDevice device = StagedLayers.Device();
        KvTransfer there = device.CopyToDevice([new KvCopy(0, 0, 100)]);
        KvTransfer back = device.CopyToHost([new KvCopy(0, 0, 100)]);
        Assert.True(there.Wait() && back.Wait());
        Assert.Equal(100, device.Clock.GetTimestamp());
    }

    [Fact]
    public void Every_piece_costs_the_latency()
    {
        SimulatedDevice device = StagedLayers.Device(TimeSpan.FromTicks(60));
        device.CopyToDevice([new KvCopy(0, 0, 100), new KvCopy(0, 0, 40)]).Wait();
        Assert.Equal(140 + (2 * 60), device.Clock.GetTimestamp());
        Assert.Equal(140, device.BytesToDevice);
        Assert.Equal(140 * 1e7 / 260, device.BytesToDevicePerSecond!.Value, 3);
    }

    [Fact]
    public void Devices_that_share_a_link_have_their_part_of_it()
    {
        LinkSpeed alone = LinkSpeed.Of(AcceleratorDevices.L20);
        LinkSpeed shared = LinkSpeed.Of(AcceleratorDevices.L20, sharingDevices: 2);
        Assert.Equal(26e9, alone.BytesPerSecond, 3);
        Assert.Equal(13e9, shared.BytesPerSecond, 3);
        Assert.Equal(2 * (alone.Estimate(1 << 30) - alone.Latency).TotalSeconds, (shared.Estimate(1 << 30) - shared.Latency).TotalSeconds, 6);
    }

    /// <summary>A unit that has begun is copied to its end; those behind it wait until the exchange is over, and so take longer by it.</summary>
    [Fact]
    public void An_exchange_waits_for_the_unit_under_way_and_the_others_for_it()
    {
        SimulatedDevice device = StagedLayers.Device();
        KvTransfer first = device.CopyToDevice([new KvCopy(0, 0, 40)]);
        KvTransfer second = device.CopyToDevice([new KvCopy(0, 0, 40)]);
        KvTransfer third = device.CopyToDevice([new KvCopy(0, 0, 40)]);
        device.Compute(TimeSpan.FromTicks(60), TimeSpan.FromTicks(25));
        first.Wait();
        Assert.Equal(40, device.Clock.GetTimestamp());
        second.Wait();
        Assert.Equal(80, device.Clock.GetTimestamp());
        third.Wait();
        Assert.Equal(80 + 25 + 40, device.Clock.GetTimestamp());
        device.RecordFence().Wait();
        Assert.Equal(145, device.EndStep().Ticks);

        // Without copies it is a part of the layer like any other, and holds up what is submitted afterwards.
        device.Compute(TimeSpan.FromTicks(60), TimeSpan.FromTicks(25));
        Assert.Equal(145 + 85, device.EndStep().Ticks);
    }

    [Fact]
    public void Fences_pass_when_the_processor_has_come_so_far()
    {
        SimulatedDevice device = StagedLayers.Device();
        device.Compute(TimeSpan.FromTicks(10));
        KvFence work = device.RecordFence();
        KvTransfer copy = device.CopyToHost([new KvCopy(0, 0, 5)]);
        Assert.False(work.HasPassed);
        Assert.False(copy.TryGetResult(out _));
        work.Wait();
        Assert.True(work.HasPassed);
        Assert.False(copy.TryGetResult(out _));
        Assert.True(copy.Wait());
        Assert.Equal(15, device.Clock.GetTimestamp());
    }

    [Fact]
    public void Steps_take_what_the_recurrence_over_layers_says() => Check(static step =>
        Assert.Equal(step.Recurrence(), step.Run(StagedLayers.Device())));

    [Fact]
    public void Steps_take_no_less_than_computing_or_copies_and_no_more_than_both() => Check(static step =>
        Assert.InRange(step.Run(StagedLayers.Device()), Math.Max(step.Compute.Sum(), step.In.Sum()), step.Compute.Sum() + step.In.Sum() + step.Out.Sum()));

    /// <summary>Thousands of copies are forgotten step by step, and fences of old ones have passed.</summary>
    [Fact]
    public void Copies_that_ended_are_forgotten()
    {
        SimulatedDevice device = StagedLayers.Device();
        KvTransfer first = device.CopyToHost([new KvCopy(0, 0, 1)]);
        for (int step = 0; step < 10; step++)
        {
            device.BeginStep(TimeSpan.FromTicks(step * 2000));
            for (int i = 0; i < 1000; i++)
            {
                device.CopyToHost([new KvCopy(0, 0, 1)]);
            }
        }

        Assert.True(first.TryGetResult(out bool succeeded) && succeeded);
        Assert.Equal(10_001, device.BytesToHost);
    }

    private static void Check(Action<StagedLayers> check) =>
        Prop.ForAll(Arb.From(Steps), check).Check(Config.QuickThrowOnFailure.WithMaxTest(500).WithReplay(20261124UL, 7UL));

    private static long[] Same(long value) => [.. Enumerable.Repeat(value, 32)];

    private static long[] Longs(int[] values) => [.. values.Select(static value => (long)value)];
}
