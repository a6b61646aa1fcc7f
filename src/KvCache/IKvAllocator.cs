using System.Diagnostics.CodeAnalysis;
using KvCache.Diagnostics;
using KvCache.Memory;
using KvCache.Tiers;

namespace KvCache;

/// <summary>A manager of attention memory: opens sequences, lays out steps, keeps the books.</summary>
/// <remarks>
/// <para>The engine's loop is the same for every implementation: open a sequence with its prompt, run steps over
/// batches of sequences, append the sampled tokens, dispose.</para>
/// <para>Threads: one owner thread at a time, checked in debug builds. <see cref="Usage"/>, meters and
/// <see cref="Events"/> may be read from anywhere.</para>
/// <para>Disposing the allocator waits for the last step's fence, makes every open sequence stale and gives all
/// memory back.</para>
/// </remarks>
public interface IKvAllocator : IDisposable
{
    /// <summary>Gets the shape of the model's cache.</summary>
    KvGeometry Geometry { get; }

    /// <summary>Gets the device that holds the keys and values.</summary>
    IKvDevice Device { get; }

    /// <summary>Gets the number of token positions in a block.</summary>
    int BlockTokens { get; }

    /// <summary>Gets how the memory is used now. Readable from any thread, where it is approximate while the owner works.</summary>
    KvUsage Usage { get; }

    /// <summary>Gets the stream of stored, removed and cleared prefixes, or null where it was not asked for.</summary>
    KvEventStream? Events { get; }

    /// <summary>Gets where suspended sequences are kept, or null where none can be suspended.</summary>
    HostTier? HostTier => null;

    /// <summary>Opens a sequence: finds the longest cached prefix of its prompt, shares it, and reserves memory for the rest.</summary>
    /// <remarks>
    /// <para>The cached prefix is whole blocks, and at least one token of the prompt is always left to compute.</para>
    /// <para>Where <paramref name="reserve"/> is less than the prompt, the sequence takes in only that many of its
    /// tokens (and never less than the cached prefix); the rest is appended later, chunk by chunk.</para>
    /// <para>Cost: one hash and one comparison per cached token, one copy per other token.</para>
    /// </remarks>
    /// <param name="prompt">The tokens known so far; may be empty.</param>
    /// <param name="options">With whom to share; null for the default.</param>
    /// <param name="reserve">Tokens to hold memory for, at least; 0 for the whole prompt. More than the prompt is lookahead.</param>
    /// <param name="sequence">The sequence, when the answer is true.</param>
    /// <param name="refusal">Why not, when the answer is false; then nothing has changed.</param>
    /// <returns>Whether the sequence was opened.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="reserve"/> is negative.</exception>
    /// <exception cref="ObjectDisposedException">The allocator is disposed.</exception>
    bool TryOpen(
        ReadOnlySpan<int> prompt,
        KvSequenceOptions? options,
        int reserve,
        [NotNullWhen(true)] out KvSequence? sequence,
        out KvRefusal refusal);

    /// <summary>Answers what <see cref="TryOpen"/> would do, by the same planning code, without doing it.</summary>
    /// <param name="prompt">The tokens known so far; may be empty.</param>
    /// <param name="options">With whom to share; null for the default.</param>
    /// <param name="reserve">Tokens to hold memory for, at least; 0 for the whole prompt.</param>
    /// <returns>The hit, the blocks needed, and the refusal if there would be one.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="reserve"/> is negative.</exception>
    /// <exception cref="ObjectDisposedException">The allocator is disposed.</exception>
    KvAdmission Probe(ReadOnlySpan<int> prompt, KvSequenceOptions? options, int reserve);

    /// <summary>Begins a forward pass over a batch. One step at a time; the last must be completed or disposed first.</summary>
    /// <remarks>Allocates nothing and does O(1) work per row while the same sequences keep their rows from step to step.</remarks>
    /// <param name="rows">The rows, in the order in which queries will be given; may be empty.</param>
    /// <returns>The step.</returns>
    /// <exception cref="ArgumentException">A row has no sequence, one of another allocator, or one that stands in two rows.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A token count is negative or beyond the tokens not yet computed.</exception>
    /// <exception cref="ObjectDisposedException">A row's sequence or the allocator is disposed.</exception>
    /// <exception cref="InvalidOperationException">The last step is still open, or a row's sequence is lost or suspended.</exception>
    KvStep BeginStep(ReadOnlySpan<KvRow> rows);

    /// <summary>Gives memory that no sequence owns back to the operating system, cached prefixes included, oldest first.</summary>
    /// <remarks>
    /// Systems take whole pages back: of blocks smaller than a page only neighbours that fill one together count, and what was
    /// cached in the others is forgotten all the same.
    /// </remarks>
    /// <param name="bytes">How many bytes to give back, at most (rounded up to whole blocks).</param>
    /// <returns>How many bytes were given back; less where less was idle, 0 where the device cannot.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bytes"/> is negative.</exception>
    long Trim(long bytes);

    /// <summary>Forgets every cached prefix. Refused, with nothing changed, while sequences are open or blocks are in transfer.</summary>
    /// <returns>
    /// Whether the cache was cleared; <see cref="KvUsage.OpenSequences"/> and <see cref="KvUsage.InTransferBlocks"/> say what
    /// stands in the way.
    /// </returns>
    bool TryClear();

    /// <summary>Proves that the books are right. For tests and diagnosis; costs O(all blocks and tokens ever used).</summary>
    /// <exception cref="KvIntegrityException">Something is wrong; the message lists what.</exception>
    void CheckIntegrity();
}
