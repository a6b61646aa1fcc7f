using KvCache.Memory;

namespace KvCache.Specs.Devices;

/// <summary>A queue of work whose tickets pass when the test says so, or when somebody waits for them.</summary>
public sealed class LateTimeline : KvTimeline
{
    private readonly HashSet<long> _failed = [];

    public event Action<long>? Passing;

    public long Issued { get; private set; }

    public long Passed { get; private set; }

    /// <summary>How often a wait had to let the work go on.</summary>
    public int BlockedWaits { get; private set; }

    public KvFence Issue() => new(this, ++Issued);

    public void Fail(long ticket) => _failed.Add(ticket);

    public void PassNext() => PassUpTo(Math.Min(Issued, Passed + 1));

    public void PassAll() => PassUpTo(Issued);

    public override bool HasPassed(long ticket) => ticket <= Passed;

    public override bool HasFailed(long ticket) => _failed.Contains(ticket);

    public override void Wait(long ticket)
    {
        if (ticket > Issued)
        {
            throw new InvalidOperationException($"Ticket {ticket} was never issued; the last is {Issued}.");
        }

        if (ticket > Passed)
        {
            BlockedWaits++;
            PassUpTo(ticket);
        }
    }

    private void PassUpTo(long ticket)
    {
        while (Passed < ticket)
        {
            Passed++;
            Passing?.Invoke(Passed);
        }
    }
}
