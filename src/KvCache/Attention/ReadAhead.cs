using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace KvCache.Attention;

/// <summary>Asks for memory some way ahead of its use, in the order in which it will be used.</summary>
/// <remarks>
/// The hardware follows a stream by itself, but not as far ahead as memory takes to answer while a kernel computes. A tile's
/// keys, then its values, then the next tile's keys are one stream here, of which each call asks for the next piece.
/// </remarks>
internal unsafe ref struct ReadAhead
{
    private const int Line = 64;
    private const int Distance = 10 * 1024;

    private readonly byte** _values;
    private readonly byte** _valuesEnd;
    private readonly byte** _end;
    private readonly long _keyBytes;
    private readonly long _valueBytes;
    private byte** _row;
    private long _offset;

    /// <summary>Asks for the first pieces of a tile.</summary>
    /// <param name="keys">Where each token's keys are, those of the tile.</param>
    /// <param name="values">Where the keys end and each token's values are.</param>
    /// <param name="valuesEnd">Where the values end and the next tile's keys are.</param>
    /// <param name="end">Where those end.</param>
    /// <param name="keyBytes">The bytes of a token's keys.</param>
    /// <param name="valueBytes">The bytes of a token's values.</param>
    public ReadAhead(byte** keys, byte** values, byte** valuesEnd, byte** end, long keyBytes, long valueBytes)
    {
        _row = keys;
        _values = values;
        _valuesEnd = valuesEnd;
        _end = end;
        _keyBytes = keyBytes;
        _valueBytes = valueBytes;
        for (long asked = 0; asked < Distance; asked += Line)
        {
            Ask(Next(Line), Line);
        }
    }

    /// <summary>Gives the address of the next bytes, which the caller asks for while it computes.</summary>
    /// <param name="bytes">How many; what does not fit the present row is left out.</param>
    /// <returns>Where they are; past the last row, somewhere in it.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Next(long bytes)
    {
        byte* address = *_row + _offset;
        _offset += bytes;
        if (_offset >= (_row >= _values && _row < _valuesEnd ? _valueBytes : _keyBytes))
        {
            _offset = 0;
            _row += _row + 1 < _end ? 1 : 0;
        }

        return address;
    }

    /// <summary>Asks for a few lines; spread over a computation, they do not wait for one another.</summary>
    /// <param name="address">Where they begin.</param>
    /// <param name="bytes">A constant: 256 at most.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Ask(byte* address, int bytes)
    {
        if (!Sse.IsSupported)
        {
            return;
        }

        Sse.Prefetch0(address);
        if (bytes > Line)
        {
            Sse.Prefetch0(address + Line);
        }

        if (bytes > 2 * Line)
        {
            Sse.Prefetch0(address + (2 * Line));
            Sse.Prefetch0(address + (3 * Line));
        }
    }
}
