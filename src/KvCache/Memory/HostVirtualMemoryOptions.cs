using System.Numerics;
using KvCache.Memory.Mapping;

namespace KvCache.Memory;

/// <summary>How a <see cref="HostVirtualMemory"/> is made.</summary>
public sealed record HostVirtualMemoryOptions
{
    /// <summary>The most chunks that the books can number.</summary>
    internal const int MaximumChunkCapacity = 1 << 29;

    private const long SmallestChosenBytes = 64L << 10;
    private const long LargestChosenBytes = 2L << 20;
    private const long LargestChunkBytes = 1L << 30;
    private const long ChunksAimedAt = 16_384;

    /// <summary>Gets the most bytes of physical memory, rounded down to whole chunks. Give this or <see cref="ChunkCapacity"/>.</summary>
    /// <remarks>
    /// The system may not refuse memory that it does not have: it ends a process instead. So choose what the machine, or the
    /// container, really has to spare. The garbage collector does not see this memory.
    /// </remarks>
    /// <value>Default: 0, as many as <see cref="ChunkCapacity"/> chunks are.</value>
    public long MemoryBytes { get; init; }

    /// <summary>Gets how many chunks there can be; needs <see cref="ChunkBytes"/>. Give this or <see cref="MemoryBytes"/>.</summary>
    /// <value>Default: 0, as many as fit <see cref="MemoryBytes"/>.</value>
    public int ChunkCapacity { get; init; }

    /// <summary>
    /// Gets the bytes of a chunk: a power of two, from the system's page (on Windows 64 KiB) to 1 GiB. Small chunks waste less at
    /// the end of a sequence; large ones need fewer mappings, and from 2 MiB on they can lie on huge pages.
    /// </summary>
    /// <value>
    /// Default: 0, a 16,384th of the memory, rounded up to a power of two, at least 64 KiB and at most 2 MiB: then all chunks,
    /// each mapped on its own and twice, stay within Linux' usual limit on mappings up to 64 GiB.
    /// </value>
    public long ChunkBytes { get; init; }

    /// <summary>Gets whether chunks are put on huge pages.</summary>
    /// <value>Default: <see cref="HugePagePolicy.WherePossible"/>.</value>
    public HugePagePolicy HugePages { get; init; } = HugePagePolicy.WherePossible;

    /// <summary>
    /// Gets whether mapping also enters the pages, so that touching them does not trap: the call takes longer, both together take half
    /// as long or less. Linux only.
    /// </summary>
    /// <value>Default: true.</value>
    public bool PopulateOnMap { get; init; } = true;

    /// <summary>Answers the bytes of a chunk for so much memory, where none are given.</summary>
    internal static long ChooseChunkBytes(long memoryBytes) => Math.Clamp(
        (long)BitOperations.RoundUpToPowerOf2((ulong)((memoryBytes + ChunksAimedAt - 1) / ChunksAimedAt)), SmallestChosenBytes, LargestChosenBytes);

    /// <summary>Checks the options and answers the chunks' number and bytes.</summary>
    internal (int ChunkCapacity, long ChunkBytes) Validate()
    {
        long granularity = HostPlatform.GranularityBytes;
        Throw.IfLessThan(MemoryBytes, 0, nameof(MemoryBytes), nameof(MemoryBytes));
        Throw.IfLessThan(ChunkCapacity, 0, nameof(ChunkCapacity), nameof(ChunkCapacity));
        if (!Enum.IsDefined(HugePages))
        {
            throw new ArgumentOutOfRangeException(nameof(HugePages), HugePages, $"HugePages is {HugePages}; expected WherePossible or Never.");
        }

        if (MemoryBytes > 0 == ChunkCapacity > 0)
        {
            throw new ArgumentException(
                $"MemoryBytes is {MemoryBytes} and ChunkCapacity is {ChunkCapacity}; exactly one of them must be given.", nameof(MemoryBytes));
        }

        long chunkBytes = ChunkBytes == 0 && MemoryBytes > 0 ? Math.Max(granularity, ChooseChunkBytes(MemoryBytes)) : ChunkBytes;
        if (chunkBytes < granularity || chunkBytes > LargestChunkBytes || !BitOperations.IsPow2(chunkBytes))
        {
            throw new ArgumentOutOfRangeException(
                nameof(ChunkBytes), ChunkBytes, $"ChunkBytes is {ChunkBytes}; expected a power of two from {granularity} to {LargestChunkBytes}.");
        }

        long capacity = ChunkCapacity > 0 ? ChunkCapacity : MemoryBytes / chunkBytes;
        if (capacity is < 1 or > MaximumChunkCapacity)
        {
            string named = ChunkCapacity > 0 ? nameof(ChunkCapacity) : nameof(MemoryBytes);
            throw new ArgumentOutOfRangeException(
                named,
                ChunkCapacity > 0 ? ChunkCapacity : MemoryBytes,
                $"{named} makes {capacity} chunks of {chunkBytes} bytes; expected 1 … {MaximumChunkCapacity}.");
        }

        return ((int)capacity, chunkBytes);
    }
}
