using System.Diagnostics.CodeAnalysis;
using KvCache.Memory;

namespace KvCache.Tests.Ledger;

/// <summary>Host memory behind a queue of work that finishes, and fails, when the test says so.</summary>
internal sealed class ManualDevice : KvTimeline, IKvDevice
{
    private long _ticket;
    private long _passed;

    public string Name => "manual";

    public bool HasMemory => true;

    public bool FailCopies { get; set; }

    public int Waits { get; private set; }

    public KvFence LastFence => new(this, _ticket);

    public bool TryAllocate(long bytes, [NotNullWhen(true)] out KvArena? arena) =>
        HostDevice.Instance.TryAllocate(bytes, out arena);

    public KvTransfer Copy(ReadOnlySpan<KvCopy> copies)
    {
        if (!FailCopies)
        {
            HostDevice.Instance.Copy(copies);
        }

        return new KvTransfer(RecordFence());
    }

    public KvFence RecordFence() => new(this, ++_ticket);

    public void PassAll() => _passed = _ticket;

    public void Pass(long ticket) => _passed = ticket;

    public override bool HasPassed(long ticket) => ticket <= _passed;

    public override void Wait(long ticket)
    {
        Waits++;
        _passed = Math.Max(_passed, ticket);
    }

    public override bool HasFailed(long ticket) => FailCopies;
}
