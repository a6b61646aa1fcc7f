using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using KvCache.Steps;

namespace KvCache;

/// <summary>The memory of one token sequence: a handle with three cursors, ComputedLength ≤ Length ≤ Capacity.</summary>
/// <remarks>
/// <para>Memory is handed back by <see cref="Dispose"/> alone. Growth is all or nothing over all layers; a refusal is
/// an answer and changes nothing. Speculative decoding reserves ahead, appends drafts and truncates what was not
/// accepted; parallel sampling and beams fork.</para>
/// <para>Threads: the allocator's owner thread. The cursors may be read from anywhere.</para>
/// </remarks>
[DebuggerDisplay("computed {ComputedLength} ≤ length {Length} ≤ capacity {Capacity}")]
public abstract class KvSequence : IDisposable
{
    private protected KvSequence()
    {
    }

    /// <summary>Gets the allocator that opened the sequence.</summary>
    public abstract IKvAllocator Allocator { get; }

    /// <summary>Gets how many leading tokens have their keys and values in memory.</summary>
    public int ComputedLength { get; private protected set; }

    /// <summary>Gets how many tokens the sequence has.</summary>
    public int Length { get; private protected set; }

    /// <summary>Gets how many tokens are known and not computed yet: what a step can compute.</summary>
    public int UncomputedLength => Length - ComputedLength;

    /// <summary>Gets how many tokens the memory held by the sequence has room for.</summary>
    /// <remarks>
    /// Appending within the capacity is not refused, save where the last, partly filled block may not be written to as it
    /// is: after <see cref="TryFork"/>, or after <see cref="Truncate"/> into a block that others share or a running step
    /// still reads. Then the first append needs a block of its own (copy-on-write). A suspended sequence holds no memory on the device;
    /// its capacity is its length, for which <see cref="TryResume(out KvRefusal)"/> makes room.
    /// </remarks>
    public int Capacity { get; private protected set; }

    /// <summary>Gets how many leading tokens were found in the cache when the sequence was opened; 0 for a fork.</summary>
    public int HitLength { get; private protected init; }

    /// <summary>Gets whether keys or values of the sequence were lost because a copy failed for good.</summary>
    /// <remarks>
    /// What the step in which it happened computed for the sequence is not to be used, and was not committed. Nothing more can be
    /// computed: growing and forking are refused (<see cref="KvRefusal.TransferFailed"/>), a step with it is an error. Dispose it and open
    /// it again with the tokens it had; what is not lost is found in the cache, the rest is recomputed. Only managers that move layers
    /// between tiers lose anything: an engine that serves one asks after every step, before it uses the results.
    /// </remarks>
    public bool IsLost { get; private set; }

    /// <summary>Gets whether the keys and values are kept on the host, and nothing on the device is held.</summary>
    public bool IsSuspended { get; private set; }

    /// <summary>Gets whether the sequence was disposed, by itself or with its allocator.</summary>
    public bool IsDisposed { get; private protected set; }

    /// <summary>Makes room for at least so many tokens, so that appending them is not refused.</summary>
    /// <remarks>Within the present capacity this takes nothing, unless a shared last block must be copied before it can be written to.</remarks>
    /// <param name="capacity">Tokens in all; up to the present length asks for nothing.</param>
    /// <param name="refusal">Why not, when the answer is false; then nothing has changed.</param>
    /// <returns>Whether there is room.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacity"/> is negative.</exception>
    /// <exception cref="InvalidOperationException">The sequence is suspended.</exception>
    /// <exception cref="ObjectDisposedException">The sequence is disposed.</exception>
    public bool TryReserve(int capacity, out KvRefusal refusal)
    {
        using OwnerGuard.Scope scope = Guard.Enter();
        EnsureActive();
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        refusal = KvRefusal.TransferFailed;
        return !IsLost && ReserveCore(capacity, out refusal);
    }

    /// <summary>Adds tokens at the end, growing the memory where needed.</summary>
    /// <remarks>A shared last block is copied first. Allocates nothing on the managed heap in steady state.</remarks>
    /// <param name="tokens">The tokens; may be empty.</param>
    /// <param name="refusal">Why not, when the answer is false; then nothing has changed.</param>
    /// <returns>Whether the tokens were added.</returns>
    /// <exception cref="InvalidOperationException">The sequence is suspended.</exception>
    /// <exception cref="ObjectDisposedException">The sequence is disposed.</exception>
    public bool TryAppend(ReadOnlySpan<int> tokens, out KvRefusal refusal)
    {
        using OwnerGuard.Scope scope = Guard.Enter();
        EnsureActive();
        refusal = KvRefusal.TransferFailed;
        return !IsLost && AppendCore(tokens, out refusal);
    }

    /// <summary>Drops the tokens from a position on and gives back the blocks that no longer hold any, lookahead among them.</summary>
    /// <param name="length">Tokens to keep; 0 … <see cref="Length"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is negative or beyond <see cref="Length"/>.</exception>
    /// <exception cref="InvalidOperationException">The sequence is suspended, or stands in a step that is still open.</exception>
    /// <exception cref="ObjectDisposedException">The sequence is disposed.</exception>
    public void Truncate(int length)
    {
        using OwnerGuard.Scope scope = Guard.Enter();
        EnsureActive();
        EnsureNotInStep();
        Throw.IfNotWithin(length, Length);
        TruncateCore(length);
    }

    /// <summary>Opens a second sequence with the same leading tokens, sharing their memory.</summary>
    /// <remarks>
    /// Computed blocks are shared and copied only when written to. Tokens beyond <see cref="ComputedLength"/> get
    /// memory of their own in the child, which computes them itself.
    /// </remarks>
    /// <param name="length">Tokens to share; 0 … <see cref="Length"/>.</param>
    /// <param name="child">The new sequence, when the answer is true.</param>
    /// <param name="refusal">Why not, when the answer is false; then nothing has changed.</param>
    /// <returns>Whether the sequence was forked.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is negative or beyond <see cref="Length"/>.</exception>
    /// <exception cref="InvalidOperationException">The sequence is suspended, or stands in a step that is still open.</exception>
    /// <exception cref="ObjectDisposedException">The sequence is disposed.</exception>
    public bool TryFork(int length, [NotNullWhen(true)] out KvSequence? child, out KvRefusal refusal)
    {
        using OwnerGuard.Scope scope = Guard.Enter();
        EnsureActive();
        EnsureNotInStep();
        Throw.IfNotWithin(length, Length);
        (child, refusal) = (null, KvRefusal.TransferFailed);
        return !IsLost && ForkCore(length, out child, out refusal);
    }

    /// <summary>Copies the keys and values to the host and gives the device's memory back, until <see cref="TryResume(out KvRefusal)"/>.</summary>
    /// <remarks>
    /// <para>Room reserved beyond the length is given up. What others share stays theirs; what can be found in the cache stays cached until it
    /// is taken. Until it is resumed, the sequence counts as open, its cursors and tokens can be read and it can be disposed; all else is an
    /// error. A suspended sequence is suspended once more by doing nothing.</para>
    /// <para>Waits for the work of all steps that have ended, and for the copy. Cost: one copy of the computed blocks, into the
    /// allocator's <see cref="IKvAllocator.HostTier"/>.</para>
    /// </remarks>
    /// <param name="refusal">
    /// Why not, when the answer is false; then nothing has changed. <see cref="KvRefusal.OutOfHostMemory"/> where the host tier has too
    /// little room or there is none, <see cref="KvRefusal.TransferFailed"/> where the copy failed or the sequence is lost.
    /// </param>
    /// <returns>Whether the sequence is suspended.</returns>
    /// <exception cref="InvalidOperationException">The sequence stands in a step that is still open.</exception>
    /// <exception cref="ObjectDisposedException">The sequence is disposed.</exception>
    public bool TrySuspend(out KvRefusal refusal)
    {
        using OwnerGuard.Scope scope = Guard.Enter();
        EnsureUsable();
        EnsureNotInStep();
        refusal = IsLost ? KvRefusal.TransferFailed : KvRefusal.None;
        if (!IsSuspended && !IsLost && SuspendCore(out refusal))
        {
            IsSuspended = true;
            Capacity = Length;
        }

        return IsSuspended;
    }

    /// <summary>Brings a suspended sequence back to the device, as it was.</summary>
    /// <param name="refusal">Why not, when the answer is false; see <see cref="TryResume(int, out KvRefusal)"/>.</param>
    /// <returns>Whether the sequence is not suspended.</returns>
    /// <exception cref="ObjectDisposedException">The sequence is disposed.</exception>
    public bool TryResume(out KvRefusal refusal) => TryResume(0, out refusal);

    /// <summary>Brings a suspended sequence back to the device, as it was, and makes room for at least so many tokens.</summary>
    /// <remarks>
    /// Blocks that are found in the cache are shared; only what is not there any more is copied. Waits for the copy. A sequence that is not
    /// suspended is resumed by reserving.
    /// </remarks>
    /// <param name="capacity">Tokens in all; up to the length asks for nothing beyond it.</param>
    /// <param name="refusal">
    /// Why not, when the answer is false; then the sequence is suspended as before. Where a copy failed
    /// (<see cref="KvRefusal.TransferFailed"/>), what had been cached in the blocks taken for it is forgotten; asking again copies again.
    /// </param>
    /// <returns>Whether the sequence is not suspended, and has room.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacity"/> is negative.</exception>
    /// <exception cref="ObjectDisposedException">The sequence is disposed.</exception>
    public bool TryResume(int capacity, out KvRefusal refusal)
    {
        using OwnerGuard.Scope scope = Guard.Enter();
        EnsureUsable();
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        if (!IsSuspended)
        {
            return TryReserve(capacity, out refusal);
        }

        IsSuspended = !ResumeCore(Math.Max(capacity, Length), out refusal);
        return !IsSuspended;
    }

    /// <summary>Copies out tokens of the sequence.</summary>
    /// <param name="start">The first position.</param>
    /// <param name="destination">Where to; its length says how many.</param>
    /// <exception cref="ArgumentOutOfRangeException">The positions are not all below <see cref="Length"/>.</exception>
    /// <exception cref="ObjectDisposedException">The sequence is disposed.</exception>
    public void CopyTokens(int start, Span<int> destination)
    {
        using OwnerGuard.Scope scope = Guard.Enter();
        EnsureUsable();
        Throw.IfNotWithin(start, Length);
        if (destination.Length > Length - start)
        {
            throw new ArgumentOutOfRangeException(
                nameof(destination),
                destination.Length,
                $"Asked for {destination.Length} tokens from position {start}; the sequence has {Length - start} there.");
        }

        CopyTokensCore(start, destination);
    }

    /// <summary>Gives the memory back. Does nothing the second time.</summary>
    /// <remarks>
    /// Safe while a step that uses the memory is open or running: memory is handed on only after that step's fence.
    /// Full blocks stay cached until they are taken.
    /// </remarks>
    public void Dispose()
    {
        if (!IsDisposed)
        {
            using OwnerGuard.Scope scope = Guard.Enter();
            IsDisposed = true;
            DisposeCore();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Whether the sequence stands in a row of the open step.</summary>
    internal bool InStep { get; set; }

    /// <summary>Notes that a copy has failed for good.</summary>
    internal void MarkLost() => IsLost = true;

    /// <summary>Moves the computed cursor when a step is completed.</summary>
    internal void AdvanceComputed(int tokens) => ComputedLength += tokens;

    private protected abstract OwnerGuard Guard { get; }

    private protected abstract bool ReserveCore(int capacity, out KvRefusal refusal);

    private protected abstract bool AppendCore(ReadOnlySpan<int> tokens, out KvRefusal refusal);

    private protected abstract void TruncateCore(int length);

    private protected abstract bool ForkCore(
        int length, [NotNullWhen(true)] out KvSequence? child, out KvRefusal refusal);

    private protected abstract void CopyTokensCore(int start, Span<int> destination);

    private protected abstract bool SuspendCore(out KvRefusal refusal);

    private protected abstract bool ResumeCore(int capacity, out KvRefusal refusal);

    private protected abstract void DisposeCore();

    private void EnsureUsable()
    {
        if (IsDisposed)
        {
            Throw.Disposed(this);
        }
    }

    private void EnsureActive()
    {
        EnsureUsable();
        if (IsSuspended)
        {
            Throw.InvalidOperation("The sequence is suspended; resume it first.");
        }
    }

    private void EnsureNotInStep()
    {
        if (InStep)
        {
            Throw.InvalidOperation("The sequence stands in a step that is still open; complete or dispose the step first.");
        }
    }
}
