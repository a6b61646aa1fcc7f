using KvCache.Memory;

namespace KvCache.Specs.Devices;

/// <summary>A link to the host whose copies are made late, at random, and of which a share fails; seeded.</summary>
/// <remarks>
/// From the submission until the copy is made its destination holds garbage, so that whoever reads too early reads it. A copy is made when it
/// is waited for, or sooner, when anything is asked of the link. Each direction has a queue of its own.
/// </remarks>
public sealed class WaywardLink(int seed, double failures = 0, double passes = 0.25) : IHostLink
{
    private const byte Garbage = 0xDB;
    private readonly Direction _toDevice = new(new Random(seed), failures, passes);
    private readonly Direction _toHost = new(new Random(seed + 1), failures, passes);

    public long Submitted => _toDevice.Issued + _toHost.Issued;

    /// <summary>How many copies have failed.</summary>
    public long Failed => _toDevice.Failures + _toHost.Failures;

    /// <summary>How often a copy had to be waited for.</summary>
    public long BlockedWaits => _toDevice.BlockedWaits + _toHost.BlockedWaits;

    public KvTransfer CopyToDevice(ReadOnlySpan<KvCopy> copies) => Submit(_toDevice, copies);

    public KvTransfer CopyToHost(ReadOnlySpan<KvCopy> copies) => Submit(_toHost, copies);

    private static unsafe void Spoil(KvCopy copy) =>
        new Span<byte>((void*)copy.Destination, checked((int)copy.Bytes)).Fill(Garbage);

    private static KvTransfer Submit(Direction direction, ReadOnlySpan<KvCopy> copies)
    {
        KvFence fence = direction.Issue();
        bool fails = direction.HasFailed(fence.Ticket);
        foreach (KvCopy copy in copies)
        {
            Spoil(copy);
            if (!fails)
            {
                direction.Add(fence.Ticket, copy);
            }
        }

        return new KvTransfer(fence);
    }

    /// <summary>The copies of one direction, in order.</summary>
    private sealed class Direction(Random random, double failures, double passes) : KvTimeline
    {
        private readonly Queue<(long Ticket, KvCopy Copy)> _copies = new(1 << 14);
        private readonly int _salt = random.Next();

        public long Issued { get; private set; }

        public long Passed { get; private set; }

        public long Failures { get; private set; }

        public long BlockedWaits { get; private set; }

        public KvFence Issue()
        {
            PassSome();
            Issued++;
            Failures += HasFailed(Issued) ? 1 : 0;

            return new KvFence(this, Issued);
        }

        public void Add(long ticket, KvCopy copy) => _copies.Enqueue((ticket, copy));

        public override bool HasPassed(long ticket)
        {
            PassSome();
            return ticket <= Passed;
        }

        /// <summary>Which copies fail follows from their numbers, so that none needs to be remembered.</summary>
        public override bool HasFailed(long ticket)
        {
            ulong mixed = ((ulong)ticket + (uint)_salt) * 0x9E3779B97F4A7C15;
            mixed = (mixed ^ (mixed >> 29)) * 0xBF58476D1CE4E5B9;
            return (mixed >> 11) * (1.0 / (1UL << 53)) < failures;
        }

        public override void Wait(long ticket)
        {
            if (ticket > Passed)
            {
                BlockedWaits++;
                PassUpTo(ticket);
            }
        }

        private void PassSome()
        {
            while (Passed < Issued && random.NextDouble() < passes)
            {
                PassUpTo(Passed + 1);
            }
        }

        private void PassUpTo(long ticket)
        {
            while (_copies.TryPeek(out (long Ticket, KvCopy Copy) next) && next.Ticket <= ticket)
            {
                HostDevice.Instance.Copy([_copies.Dequeue().Copy]);
            }

            Passed = Math.Max(Passed, ticket);
        }
    }
}
