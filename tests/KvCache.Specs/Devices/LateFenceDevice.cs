using System.Diagnostics.CodeAnalysis;
using KvCache.Memory;

namespace KvCache.Specs.Devices;

/// <summary>Host memory behind fences that pass only when the test says so; copies can be late or fail; arenas are counted.</summary>
/// <remarks>Steps and copies have a timeline each, so that waiting for a copy does not let a step's fence pass.</remarks>
public sealed class LateFenceDevice : IKvDevice, IHostLink
{
    private readonly Queue<(long Ticket, KvCopy[] Pieces)> _lateCopies = new();
    private int _failures;

    public LateFenceDevice() => Copies.Passing += RunCopies;

    public LateTimeline Steps { get; } = new();

    public LateTimeline Copies { get; } = new();

    public string Name => "late fences";

    public bool HasMemory => true;

    /// <summary>Whether copies run only when their ticket passes.</summary>
    public bool DelayCopies { get; set; }

    public int CopyCalls { get; private set; }

    public int LiveArenas { get; private set; }

    /// <summary>Whether an arena was given back while a step's fence had not passed.</summary>
    public bool GaveBackTooEarly { get; private set; }

    /// <summary>Told of every copy before it is made.</summary>
    public event Action<KvCopy>? Copying;

    /// <summary>Told of every range of addresses before it is unmapped or given other memory.</summary>
    public event Action<nint, long>? Unmapping;

    /// <summary>Tells <see cref="Unmapping"/>; for a virtual memory whose device this is.</summary>
    public void TellUnmapping(nint address, long bytes) => Unmapping?.Invoke(address, bytes);

    /// <summary>Lets the next copies fail, after they have spoiled their destinations.</summary>
    public void FailNextCopies(int count) => _failures = count;

    public bool TryAllocate(long bytes, [NotNullWhen(true)] out KvArena? arena)
    {
        arena = HostDevice.Instance.TryAllocate(bytes, out KvArena? inner) ? new CountedArena(this, inner) : null;
        LiveArenas += arena is null ? 0 : 1;
        return arena is not null;
    }

    public KvTransfer Copy(ReadOnlySpan<KvCopy> copies)
    {
        CopyCalls++;
        KvFence fence = Copies.Issue();
        foreach (KvCopy copy in copies)
        {
            Copying?.Invoke(copy);
        }

        if (_failures > 0)
        {
            _failures--;
            Copies.Fail(fence.Ticket);
            Spoil(copies);
        }
        else
        {
            _lateCopies.Enqueue((fence.Ticket, copies.ToArray()));
        }

        if (!DelayCopies)
        {
            Copies.PassAll();
        }

        return new KvTransfer(fence);
    }

    public KvTransfer CopyToDevice(ReadOnlySpan<KvCopy> copies) => Copy(copies);

    public KvTransfer CopyToHost(ReadOnlySpan<KvCopy> copies) => Copy(copies);

    public KvFence RecordFence() => Steps.Issue();

    private static unsafe void Spoil(ReadOnlySpan<KvCopy> copies)
    {
        foreach (KvCopy copy in copies)
        {
            new Span<byte>((void*)copy.Destination, checked((int)copy.Bytes)).Fill(0xDB);
        }
    }

    private void RunCopies(long passed)
    {
        while (_lateCopies.TryPeek(out (long Ticket, KvCopy[] Pieces) next) && next.Ticket <= passed)
        {
            HostDevice.Instance.Copy(_lateCopies.Dequeue().Pieces);
        }
    }

    private sealed class CountedArena(LateFenceDevice device, KvArena inner) : KvArena(inner.Address, inner.Length)
    {
        private bool _disposed;

        public override bool CanDecommit => inner.CanDecommit;

        protected override long DecommitCore(long offset, long bytes) => inner.Decommit(offset, bytes);

        protected override void Dispose(bool disposing)
        {
            if (!_disposed)
            {
                _disposed = true;
                device.LiveArenas--;
                device.GaveBackTooEarly |= device.Steps.Passed < device.Steps.Issued;
                inner.Dispose();
            }
        }
    }
}
