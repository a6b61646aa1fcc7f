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
    private const int Distance = 8 * 1024;

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
        Advance(Distance);
    }

    /// <summary>Asks for the next bytes, as far as there are any.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Advance(long bytes)
    {
        if (!Sse.IsSupported)
        {
            return;
        }

        while (bytes > 0 && _row != _end)
        {
            long rowBytes = _row >= _values && _row < _valuesEnd ? _valueBytes : _keyBytes;
            byte* from = *_row + _offset;
            long run = Math.Min(bytes, rowBytes - _offset);
            for (long i = 0; i < run; i += Line)
            {
                Sse.Prefetch0(from + i);
            }

            bytes -= run;
            _offset += run;
            if (_offset >= rowBytes)
            {
                _offset = 0;
                _row++;
            }
        }
    }
}
