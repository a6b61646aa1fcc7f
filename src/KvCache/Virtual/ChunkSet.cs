using System.Numerics;

namespace KvCache.Virtual;

/// <summary>A set of chunk numbers, a bit each, that knows where there is room for a run.</summary>
internal sealed class ChunkSet
{
    private const int GroupChunks = 8;
    private const byte Full = 0xFF;
    private readonly byte[] _groups;
    private int _search;

    public ChunkSet(int capacity, bool full)
    {
        _groups = new byte[(capacity + GroupChunks - 1) / GroupChunks];
        if (full)
        {
            _groups.AsSpan().Fill(Full);
            if (capacity % GroupChunks != 0)
            {
                _groups[^1] = (byte)((1 << (capacity % GroupChunks)) - 1);
            }

            Count = capacity;
        }
    }

    public int Count { get; private set; }

    public bool Contains(int chunk) => (uint)chunk < (uint)(_groups.Length * GroupChunks) && (_groups[chunk / GroupChunks] & Bit(chunk)) != 0;

    public void Add(int chunk)
    {
        Count += Contains(chunk) ? 0 : 1;
        _groups[chunk / GroupChunks] |= Bit(chunk);
    }

    public void Remove(int chunk)
    {
        Count -= Contains(chunk) ? 1 : 0;
        _groups[chunk / GroupChunks] &= (byte)~Bit(chunk);
    }

    /// <summary>Finds where a run of some length can begin, or else the longest run of whole groups, or else any chunk. The set is not empty.</summary>
    /// <remarks>
    /// Only whole groups of eight are begun, so that runs that grow later have room, one group after the other, so that little is
    /// searched twice. O(capacity / 8) bytes at worst.
    /// </remarks>
    public int FindRun(int length)
    {
        int wanted = (length + GroupChunks - 1) / GroupChunks;
        int best = -1;
        int bestLength = 0;
        for (int part = 0; part < 2 && bestLength < wanted; part++)
        {
            // First from where the last search ended, then from the beginning; a run may reach across.
            for (int group = part == 0 ? _search : 0; bestLength < wanted;)
            {
                int found = _groups.AsSpan(group).IndexOf(Full);
                if (found < 0 || (part == 1 && group + found >= _search))
                {
                    break;
                }

                group += found;
                int run = _groups.AsSpan(group).IndexOfAnyExcept(Full);
                run = run < 0 ? _groups.Length - group : run;
                (best, bestLength) = run > bestLength ? (group, run) : (best, bestLength);
                group += run;
            }
        }

        if (best >= 0)
        {
            int after = best + Math.Min(wanted, bestLength);
            _search = after < _groups.Length ? after : 0;
            return best * GroupChunks;
        }

        int any = _groups.AsSpan(_search).IndexOfAnyExcept((byte)0);
        any = any >= 0 ? _search + any : _groups.AsSpan().IndexOfAnyExcept((byte)0);
        _search = any + 1 < _groups.Length ? any + 1 : 0;
        return (any * GroupChunks) + BitOperations.TrailingZeroCount(_groups[any]);
    }

    private static byte Bit(int chunk) => (byte)(1 << (chunk % GroupChunks));
}
