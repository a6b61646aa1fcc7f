using KvCache.Memory;

namespace KvCache.Serving.Simulation.Devices;

/// <summary>A device's computing: a ticket is the moment at which all work submitted before it has ended.</summary>
internal sealed class WorkTimeline(ProcessorClock clock) : KvTimeline
{
    /// <summary>Gets or sets when all work submitted so far has ended.</summary>
    public long End { get; set; }

    public KvFence Fence => new(this, End);

    public override bool HasPassed(long ticket) => ticket <= clock.Ticks;

    public override void Wait(long ticket) => clock.WaitUntil(ticket);

    public override bool HasFailed(long ticket) => false;
}
