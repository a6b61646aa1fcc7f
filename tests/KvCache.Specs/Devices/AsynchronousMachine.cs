using System.Diagnostics.CodeAnalysis;
using KvCache.Memory;

namespace KvCache.Specs.Devices;

/// <summary>A device with a queue of work, and a link with a queue in each direction, that go on whenever they like: seeded.</summary>
/// <remarks>
/// Work and copies are only made when their queue goes on, at random and as far as is waited for. A copy is made after the work that was
/// submitted before it, later work does not wait for it, and from its submission on its destination holds garbage: so whoever reads before a
/// copy's fence, or gives memory away before its reader's, reads garbage.
/// </remarks>
public sealed unsafe class AsynchronousMachine : IKvDevice, IHostLink
{
    private const byte Garbage = 0xDB;
    private readonly Random _random;
    private readonly double _failures;
    private readonly WorkQueue _work;
    private readonly WorkQueue _toDevice;
    private readonly WorkQueue _toHost;

    public AsynchronousMachine(int seed, double failures = 0)
    {
        _random = new Random(seed);
        _failures = failures;
        _work = new WorkQueue(this);
        _toDevice = new WorkQueue(this);
        _toHost = new WorkQueue(this);
    }

    public string Name => "asynchronous";

    public bool HasMemory => true;

    public long Failed { get; private set; }

    public int LiveArenas { get; private set; }

    /// <summary>Gets how many copies over the link were submitted.</summary>
    public long Transfers => _toDevice.Issued + _toHost.Issued;

    public bool TryAllocate(long bytes, [NotNullWhen(true)] out KvArena? arena)
    {
        arena = HostDevice.Instance.TryAllocate(bytes, out KvArena? inner) ? new Arena(this, inner) : null;
        LiveArenas += arena is null ? 0 : 1;
        return arena is not null;
    }

    /// <summary>Submits a kernel.</summary>
    public void Launch(Action kernel)
    {
        Wander();
        _work.Add(0, kernel, failed: false);
    }

    public KvTransfer Copy(ReadOnlySpan<KvCopy> copies)
    {
        KvCopy[] pieces = copies.ToArray();
        return new KvTransfer(_work.Add(0, () => HostDevice.Instance.Copy(pieces), failed: false));
    }

    public KvFence RecordFence() => new(_work, _work.Issued);

    public KvTransfer CopyToDevice(ReadOnlySpan<KvCopy> copies) => Transfer(_toDevice, copies);

    public KvTransfer CopyToHost(ReadOnlySpan<KvCopy> copies) => Transfer(_toHost, copies);

    public void Finish()
    {
        _work.Wait(_work.Issued);
        _toDevice.Wait(_toDevice.Issued);
        _toHost.Wait(_toHost.Issued);
    }

    private static void Spoil(ReadOnlySpan<KvCopy> copies)
    {
        foreach (KvCopy copy in copies)
        {
            new Span<byte>((void*)copy.Destination, checked((int)copy.Bytes)).Fill(Garbage);
        }
    }

    private KvTransfer Transfer(WorkQueue queue, ReadOnlySpan<KvCopy> copies)
    {
        Wander();
        Spoil(copies);
        KvCopy[] pieces = copies.ToArray();
        bool fails = _random.NextDouble() < _failures;
        Failed += fails ? 1 : 0;
        return new KvTransfer(queue.Add(_work.Issued, fails ? () => Spoil(pieces) : () => HostDevice.Instance.Copy(pieces), fails));
    }

    /// <summary>Lets some queue go on a little.</summary>
    private void Wander()
    {
        while (_random.Next(3) == 0)
        {
            WorkQueue queue = _random.Next(3) switch { 0 => _work, 1 => _toDevice, _ => _toHost };
            queue.TryGoOn();
        }
    }

    /// <summary>Work in order; what waits for other work waits for that first.</summary>
    private sealed class WorkQueue(AsynchronousMachine machine) : KvTimeline
    {
        private readonly Queue<(long After, Action Work)> _pending = new();
        private readonly HashSet<long> _failed = [];

        public long Issued { get; private set; }

        public long Passed { get; private set; }

        public KvFence Add(long after, Action work, bool failed)
        {
            _pending.Enqueue((after, work));
            Issued++;
            if (failed)
            {
                _failed.Add(Issued);
            }

            return new KvFence(this, Issued);
        }

        public bool TryGoOn()
        {
            if (!_pending.TryDequeue(out (long After, Action Work) next))
            {
                return false;
            }

            machine._work.Wait(next.After);
            try
            {
                next.Work();
            }
            finally
            {
                // A kernel that finds a fault is over too; nobody waits for it in vain.
                Passed++;
            }

            return true;
        }

        public override bool HasPassed(long ticket)
        {
            machine.Wander();
            return ticket <= Passed;
        }

        public override bool HasFailed(long ticket) => _failed.Contains(ticket);

        public override void Wait(long ticket)
        {
            while (Passed < ticket)
            {
                TryGoOn();
            }
        }
    }

    private sealed class Arena(AsynchronousMachine machine, KvArena inner) : KvArena(inner.Address, inner.Length)
    {
        private bool _disposed;

        public override bool CanDecommit => inner.CanDecommit;

        protected override long DecommitCore(long offset, long bytes) => inner.Decommit(offset, bytes);

        protected override void Dispose(bool disposing)
        {
            if (!_disposed)
            {
                _disposed = true;
                machine.LiveArenas--;
                machine.CheckIdle();
                inner.Dispose();
            }
        }
    }

    private void CheckIdle()
    {
        if (_work.Passed < _work.Issued || _toDevice.Passed < _toDevice.Issued || _toHost.Passed < _toHost.Issued)
        {
            throw new InvalidOperationException("Memory goes back while work or copies that were submitted have not ended.");
        }
    }
}
