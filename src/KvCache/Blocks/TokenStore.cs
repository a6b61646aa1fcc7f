using System.Runtime.CompilerServices;
using KvCache.Memory;

namespace KvCache.Blocks;

/// <summary>The tokens of every block, kept beside the ledger: what decides whether a prefix is really the same.</summary>
/// <remarks>
/// Tokens are written once, into the block that will hold their keys and values; publishing a block copies nothing.
/// Native memory in segments, taken as blocks are first used and never moved.
/// </remarks>
internal sealed unsafe class TokenStore : IDisposable
{
    // Below a huge page: tokens gain nothing from huge pages once they are written, and the first touch of a whole huge page
    // stalls a request for milliseconds where a virtual machine's host has to back it.
    private const int SegmentBytes = 1 << 20;
    private readonly int _blockTokens;
    private readonly int _segmentShift;
    private readonly int _segmentMask;
    private NativeRegion?[] _regions = [];
    private nint[] _segments = [];
    private int _reached;

    public TokenStore(int blockTokens, int capacity)
    {
        _blockTokens = blockTokens;
        long blocks = Math.Clamp(SegmentBytes / ((long)blockTokens * sizeof(int)), 1, capacity);
        _segmentShift = System.Numerics.BitOperations.Log2((ulong)blocks);
        _segmentMask = (1 << _segmentShift) - 1;
    }

    public int BlockTokens => _blockTokens;

    /// <summary>The tokens of one block below the reach; positions never written hold anything.</summary>
    public Span<int> this[int block]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new((int*)_segments[block >> _segmentShift] + ((long)(block & _segmentMask) * _blockTokens), _blockTokens);
    }

    /// <summary>Makes room for the tokens of blocks 0 … <paramref name="blocks"/> − 1.</summary>
    /// <returns>False where the system has no memory for them; nothing has changed.</returns>
    public bool TryReach(int blocks)
    {
        while ((long)_reached << _segmentShift < blocks)
        {
            if (_reached == _segments.Length)
            {
                int grown = Math.Max(4, _segments.Length * 2);
                Array.Resize(ref _segments, grown);
                Array.Resize(ref _regions, grown);
            }

            if (NativeRegion.TryAllocate(checked((_segmentMask + 1L) * _blockTokens * sizeof(int))) is not { } region)
            {
                return false;
            }

            _regions[_reached] = region;
            _segments[_reached++] = region.Address;
        }

        return true;
    }

    public void Dispose()
    {
        foreach (NativeRegion? region in _regions)
        {
            region?.Dispose();
        }

        _regions = [];
        _segments = [];
    }
}
