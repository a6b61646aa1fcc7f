namespace KvCache.Memory;

/// <summary>Address ranges, and chunks of physical memory that are mapped into them: the same chunk in as many places as wanted.</summary>
/// <remarks>
/// <para>Chunks are numbered 0 … <see cref="ChunkCapacity"/> − 1 and all <see cref="ChunkBytes"/> long. Neighbouring numbers mapped to
/// neighbouring addresses are one <em>run</em>: one call of the system, one mapping of its limited number. A chunk's bytes are kept
/// while it is created, mapped or not.</para>
/// <para>The memory does not know who reads it: <see cref="Unmap"/> and <see cref="Destroy"/> are called only after the
/// <see cref="RecordFence">fence</see> of the last work that may touch the addresses or chunks.</para>
/// <para>What the system refuses is an answer, all or nothing: a call that answers false has changed nothing. Members may be
/// called from any thread; calls are serialised inside.</para>
/// </remarks>
public interface IVirtualMemory : IDisposable
{
    /// <summary>Gets a name for messages, such as "memfd".</summary>
    string Name { get; }

    /// <summary>Gets the device whose kernels and copies can use the addresses.</summary>
    IKvDevice Device { get; }

    /// <summary>Gets the bytes of a chunk: the granularity of every address, a power of two.</summary>
    long ChunkBytes { get; }

    /// <summary>Gets how many chunks there can be.</summary>
    int ChunkCapacity { get; }

    /// <summary>Gets how many chunks are created now: physical memory is this many times <see cref="ChunkBytes"/>.</summary>
    int CreatedChunks { get; }

    /// <summary>Gets how many more runs could be mapped before the system's limit on mappings is too near; <see cref="int.MaxValue"/> where there is none.</summary>
    int MappingBudget { get; }

    /// <summary>Takes a range of addresses. No memory is behind it; touching it is fatal.</summary>
    /// <param name="bytes">Its length; a positive multiple of <see cref="ChunkBytes"/>.</param>
    /// <param name="address">Its first byte, aligned to <see cref="ChunkBytes"/>, when the answer is true.</param>
    /// <returns>Whether the system had that many addresses.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bytes"/> is no positive multiple of a chunk.</exception>
    bool TryReserve(long bytes, out nint address);

    /// <summary>Gives a range of addresses back, exactly as it was reserved, with nothing mapped in it.</summary>
    /// <param name="address">Its first byte.</param>
    /// <param name="bytes">Its length.</param>
    /// <exception cref="ArgumentException">No such range was reserved, or something is mapped in it.</exception>
    void Release(nint address, long bytes);

    /// <summary>Backs chunks with zeroed physical memory.</summary>
    /// <param name="chunks">Their numbers; none is created.</param>
    /// <returns>Whether there was memory for all.</returns>
    /// <exception cref="ArgumentException">A number is out of range, given twice, or created already.</exception>
    bool TryCreate(ReadOnlySpan<int> chunks);

    /// <summary>Gives the physical memory of chunks back to the system; none of them is mapped.</summary>
    /// <param name="chunks">Their numbers.</param>
    /// <exception cref="ArgumentException">A chunk is not created, or still mapped somewhere.</exception>
    void Destroy(ReadOnlySpan<int> chunks);

    /// <summary>Maps chunks one after the other, where nothing is mapped.</summary>
    /// <param name="address">Where the first goes; in a reserved range, a multiple of <see cref="ChunkBytes"/>.</param>
    /// <param name="chunks">Their numbers; created, and perhaps mapped elsewhere too.</param>
    /// <param name="writable">Whether they may be written to through these addresses; if not, writing is fatal where the system can tell.</param>
    /// <returns>Whether all were mapped; false where the system or the budget of mappings is exhausted.</returns>
    /// <exception cref="ArgumentException">The addresses are not reserved, something is mapped there, or a chunk is not created.</exception>
    bool TryMap(nint address, ReadOnlySpan<int> chunks, bool writable);

    /// <summary>Takes mappings away; the addresses stay reserved.</summary>
    /// <param name="address">Where the first is.</param>
    /// <param name="count">How many chunks' length; all of it is mapped.</param>
    /// <exception cref="ArgumentException">Something in it is not mapped.</exception>
    void Unmap(nint address, int count);

    /// <summary>Names the point after all work submitted to the device so far. Allocates nothing on the managed heap.</summary>
    /// <returns>A fence that passes when that work has finished.</returns>
    KvFence RecordFence();
}
