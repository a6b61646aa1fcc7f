using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace KvCache.Attention;

/// <summary>A tile's keys or values as streams that are read side by side, each through a part of the tile of its own.</summary>
/// <remarks>
/// The hardware follows each stream by itself, and the more of them there are, in pages of their own, the more of memory's answers
/// are under way. It does so only for a short way, and not across the end of a page of the cache: so kernels ask for what a
/// stream reads some way on, spread through their arithmetic. Keys, values and the next tile's keys stand in one list for that.
/// </remarks>
internal readonly unsafe struct TokenStreams
{
    private const int LineBytes = 64;
    private readonly int _streams;
    private readonly nint _bytes;

    /// <summary>Lays out tokens in the order in which they are read.</summary>
    /// <param name="tokens">Where each token's first head is.</param>
    /// <param name="count">How many tokens.</param>
    /// <param name="streams">How many streams.</param>
    /// <param name="offset">Where in a token the first byte is that is read.</param>
    /// <param name="bytes">How many are read.</param>
    /// <param name="rows">Room for the result.</param>
    public TokenStreams(byte** tokens, int count, int streams, long offset, long bytes, byte** rows)
    {
        Steps = (count + streams - 1) / streams;
        Rows = rows;
        _streams = streams;
        _bytes = (nint)bytes;
        for (int stream = 0; stream < streams; stream++)
        {
            for (int step = 0; step < Steps; step++)
            {
                rows[(step * streams) + stream] = tokens[Math.Min((stream * Steps) + step, count - 1)] + offset;
            }
        }
    }

    /// <summary>Where the tokens are: [step][stream]. Stream s has the tokens s · steps and on; past the last, the last again.</summary>
    public byte** Rows { get; }

    /// <summary>The tokens of a stream.</summary>
    public int Steps { get; }

    /// <summary>Where the list goes on.</summary>
    public byte** End => Rows + (Steps * _streams);

    /// <summary>Where the bytes are that a stream reads so far behind an offset in its present token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Ahead(byte** row, nint offset, nint distance)
    {
        nint place = offset + distance;
        if (place < _bytes)
        {
            return row[0] + place;
        }

        // Tokens of two-byte elements are short: that far on may be the token after the next.
        place -= _bytes;
        return place < _bytes ? row[_streams] + place : row[2 * _streams] + (place - _bytes);
    }

    /// <summary>Whether a kernel that reads so many bytes at a time comes to another line of memory at an offset: each is asked for once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool BeginsLine(nint offset, int step) => step % LineBytes == 0 || (offset & (LineBytes - 1)) == 0;

    /// <summary>Asks for the line of memory at an address.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Ask(byte* address)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(address);
        }
    }
}
