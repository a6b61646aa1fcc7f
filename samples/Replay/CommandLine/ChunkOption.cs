using System.CommandLine;
using Replay.Manager;

namespace Replay.CommandLine;

/// <summary>The option that says how much memory is mapped at a time.</summary>
internal static class ChunkOption
{
    private const long BytesPerKib = 1L << 10;

    /// <param name="leastKib">The smallest chunk that can be.</param>
    public static Option<int> Create(int leastKib = 1) => OptionValues.PowerOfTwo(
        "--chunk-kib",
        $"Chunks of virtual tensors, in KiB; a power of two. [default: {CacheOptions.DefaultChunkBytes / BytesPerKib}, as CUDA has them]",
        "N",
        leastKib);

    public static long Bytes(this Option<int> option, ParseResult parsed) =>
        parsed.GetResult(option) is null ? CacheOptions.DefaultChunkBytes : parsed.GetValue(option) * BytesPerKib;
}
