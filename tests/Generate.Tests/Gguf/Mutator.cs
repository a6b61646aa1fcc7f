using System.Buffers.Binary;

namespace Generate.Tests.Gguf;

/// <summary>Damages files at random; the same seed damages in the same way.</summary>
internal sealed class Mutator(int seed, GgufImage image, byte[] other)
{
    /// <summary>Numbers at which counts, lengths, types and offsets begin to be wrong.</summary>
    public static readonly long[] Extremes =
    [
        0, 1, 2, 3, 8, 9, 12, 13, 31, 32, 33, 64, 255, 256, 65_535, 65_536, int.MaxValue - 1L, int.MaxValue, int.MaxValue + 1L,
        uint.MaxValue - 1L, uint.MaxValue, uint.MaxValue + 1L, 1L << 40, 1L << 58, 1L << 59, 1L << 60, 1L << 61, 1L << 62,
        long.MaxValue - 31, long.MaxValue - 1, long.MaxValue, long.MinValue, long.MinValue + 1, -32, -2, -1,
    ];

    private readonly Random _random = new(seed);
    private readonly int[] _fields = [.. image.Fields.Values];
    private readonly int _headerLength = image.Fields["padding"];

    /// <summary>A copy with one damage, or up to four.</summary>
    public byte[] Damage()
    {
        byte[] bytes = [.. image.Bytes];
        for (int i = _random.Next(2) * _random.Next(4); i >= 0 && bytes.Length > sizeof(long); i--)
        {
            bytes = _random.Next(8) switch
            {
                0 => bytes[..Place(bytes)],
                1 => Splice(bytes),
                2 or 3 => FlipBits(bytes),
                4 => Nudge(bytes),
                _ => PlantExtreme(bytes),
            };
        }

        return bytes;
    }

    /// <summary>A place in the file: mostly where a field begins, or at least before the data.</summary>
    private int Place(byte[] bytes)
    {
        int place = _random.Next(4) switch
        {
            0 => _fields[_random.Next(_fields.Length)],
            1 or 2 => _random.Next(_headerLength),
            _ => _random.Next(bytes.Length),
        };
        return Math.Min(place, bytes.Length - 1);
    }

    private byte[] FlipBits(byte[] bytes)
    {
        for (int i = _random.Next(3); i >= 0; i--)
        {
            bytes[Place(bytes)] ^= (byte)(_random.Next(2) == 0 ? 1 << _random.Next(8) : _random.Next(1, 256));
        }

        return bytes;
    }

    /// <summary>Makes a number a little larger or smaller.</summary>
    private byte[] Nudge(byte[] bytes)
    {
        int place = Place(bytes);
        bytes[place] = (byte)(bytes[place] + _random.Next(-3, 4));
        return bytes;
    }

    private byte[] PlantExtreme(byte[] bytes)
    {
        int width = _random.Next(2) == 0 ? sizeof(int) : sizeof(long);
        int place = Math.Min(Place(bytes), bytes.Length - width);
        long value = _random.Next(4) == 0 ? bytes.Length + _random.Next(-40, 41) : Extremes[_random.Next(Extremes.Length)];
        if (width == sizeof(int))
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(place), (int)value);
        }
        else
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(place), value);
        }

        return bytes;
    }

    /// <summary>Replaces a part by one of this file or another, of the same length or not.</summary>
    private byte[] Splice(byte[] bytes)
    {
        byte[] source = _random.Next(2) == 0 ? bytes : other;
        int from = _random.Next(source.Length);
        int taken = _random.Next(Math.Min(200, source.Length - from));
        int place = Place(bytes);
        int removed = _random.Next(2) == 0 ? Math.Min(taken, bytes.Length - place) : _random.Next(Math.Min(200, bytes.Length - place));
        return [.. bytes.AsSpan(0, place), .. source.AsSpan(from, taken), .. bytes.AsSpan(place + removed)];
    }
}
