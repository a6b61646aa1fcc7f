using System.Diagnostics.CodeAnalysis;
using KvCache.Memory;
using KvCache.Serving.CostModels;

namespace KvCache.Serving.Simulation.Devices;

/// <summary>A device of addresses without bytes whose work and copies take virtual time, so that a step lasts as long as its manager's copies make it.</summary>
/// <remarks>
/// <para>Give it to a manager as its device and its link, and to <see cref="SimulationOptions.Device"/>. The simulator then enters and leaves
/// every layer of a step, and lets each compute for its part of what the cost model says. The manager is the one that ships: which copies it
/// makes, when, and which fences it waits for is its own doing; the device only dates them.</para>
/// <para>Three things proceed beside each other: the processor, which submits and waits; the device's computing; and the link, in each direction.
/// A copy begins when it is submitted, all work submitted before it has ended and those before it on the link have; a layer's computing when
/// the processor has submitted it and the layer before it has ended. A manager that waits in <see cref="KvStep.Enter"/> for its copies so
/// has layer l computed from max(end of layer l − 1, arrival of layer l) on. An exchange between devices over the same link goes before copies that
/// have not begun, and waits for the one that has.</para>
/// <para>Copies within the device take no time. One simulation at a time, on its thread.</para>
/// </remarks>
public sealed class SimulatedDevice : IKvDevice, IHostLink
{
    private readonly DryDevice _memory;
    private readonly ProcessorClock _clock = new();
    private readonly WorkTimeline _work;
    private readonly LinkTimeline _toDevice;
    private readonly LinkTimeline _toHost;
    private long _stalled;

    /// <summary>Makes a device.</summary>
    /// <param name="link">Its link to the host.</param>
    /// <param name="capacityBytes">How much can be allocated at one time; at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacityBytes"/> is below 1.</exception>
    public SimulatedDevice(LinkSpeed link, long capacityBytes = long.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(link);
        _memory = new DryDevice(capacityBytes);
        _work = new WorkTimeline(_clock);
        _toDevice = new LinkTimeline(_clock, link);
        _toHost = new LinkTimeline(_clock, link);
        Link = link;
    }

    /// <summary>Gets the link.</summary>
    public LinkSpeed Link { get; }

    /// <inheritdoc/>
    public string Name => "simulated";

    /// <inheritdoc/>
    public bool HasMemory => false;

    /// <summary>Gets the processor's clock, by which a manager can measure its copies.</summary>
    public TimeProvider Clock => _clock;

    /// <summary>Gets the bytes copied to the device so far.</summary>
    public long BytesToDevice => _toDevice.Bytes;

    /// <summary>Gets the bytes copied to the host so far.</summary>
    public long BytesToHost => _toHost.Bytes;

    /// <inheritdoc/>
    public double? BytesToDevicePerSecond => _toDevice.BytesPerSecond;

    /// <inheritdoc/>
    public double? BytesToHostPerSecond => _toHost.BytesPerSecond;

    /// <summary>Gets how long the device has waited for copies while steps were made.</summary>
    public TimeSpan Stalled => TimeSpan.FromTicks(_stalled);

    /// <inheritdoc/>
    public bool TryAllocate(long bytes, [NotNullWhen(true)] out KvArena? arena) => _memory.TryAllocate(bytes, out arena);

    /// <inheritdoc/>
    public KvTransfer Copy(ReadOnlySpan<KvCopy> copies) => default;

    /// <inheritdoc/>
    public KvFence RecordFence() => _work.Fence;

    /// <inheritdoc/>
    public KvTransfer CopyToDevice(ReadOnlySpan<KvCopy> copies) => _toDevice.Submit(Now, copies);

    /// <inheritdoc/>
    public KvTransfer CopyToHost(ReadOnlySpan<KvCopy> copies) => _toHost.Submit(Now, copies);

    private long Now => Math.Max(_clock.Ticks, _work.End);

    /// <summary>Nothing is computed until a moment; a step is made then.</summary>
    internal void BeginStep(TimeSpan now)
    {
        long begin = Math.Max(now.Ticks, _work.End);
        _clock.WaitUntil(begin);
        _stalled += _clock.Ticks - begin;
        _work.End = _clock.Ticks;
        _toDevice.Forget();
        _toHost.Forget();
    }

    /// <summary>Computes, and then exchanges with the other devices over the link.</summary>
    internal void Compute(TimeSpan time, TimeSpan exchange = default)
    {
        long begin = Now;
        _stalled += begin - _work.End;
        long end = begin + time.Ticks;
        if (exchange > TimeSpan.Zero)
        {
            end = Math.Max(_toDevice.EndOfCopyAt(end), _toHost.EndOfCopyAt(end));
            _toDevice.Hold(end, exchange.Ticks);
            _toHost.Hold(end, exchange.Ticks);
            end += exchange.Ticks;
        }

        _work.End = end;
    }

    /// <summary>Waits for all that was computed.</summary>
    internal TimeSpan EndStep()
    {
        _clock.WaitUntil(_work.End);
        _stalled += _clock.Ticks - _work.End;
        _work.End = _clock.Ticks;
        return TimeSpan.FromTicks(_work.End);
    }
}
