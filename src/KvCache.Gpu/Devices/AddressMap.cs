using ILGPU;
using ILGPU.Runtime;

namespace KvCache.Gpu.Devices;

/// <summary>Which addresses of a device are known, and the buffers of ILGPU behind them.</summary>
/// <remarks>A sorted list that is replaced when it changes, so that finding takes no lock: O(log n). Any thread.</remarks>
internal sealed class AddressMap(string deviceName)
{
    private readonly Lock _gate = new();
    private Range[] _ranges = [];

    /// <summary>Gets how many ranges are known.</summary>
    public int Count => Volatile.Read(ref _ranges).Length;

    /// <summary>Makes a range known.</summary>
    /// <exception cref="ArgumentException">It overlaps one that is known already.</exception>
    public Range Add(nint address, long length, MemoryBuffer buffer, long bufferOffset = 0)
    {
        Range added = new(address, length, buffer, bufferOffset);
        lock (_gate)
        {
            int index = IndexAfter(_ranges, address);
            if ((index > 0 && _ranges[index - 1].End > address) || (index < _ranges.Length && _ranges[index].Address < added.End))
            {
                throw new ArgumentException(
                    $"Bytes {Hex(address)} … {Hex(added.End - 1)} overlap memory that device \"{deviceName}\" knows already.", nameof(address));
            }

            Volatile.Write(ref _ranges, [.. _ranges[..index], added, .. _ranges[index..]]);
        }

        return added;
    }

    /// <summary>Whether a buffer stands in the map under any address.</summary>
    public bool Knows(MemoryBuffer buffer) => Array.Exists(Volatile.Read(ref _ranges), range => range.Buffer == buffer);

    /// <summary>Forgets a range; nothing happens where it is not known.</summary>
    public void Remove(Range range)
    {
        lock (_gate)
        {
            int index = Array.IndexOf(_ranges, range);
            if (index >= 0)
            {
                Volatile.Write(ref _ranges, [.. _ranges[..index], .. _ranges[(index + 1)..]]);
            }
        }
    }

    /// <summary>The range that holds all of some bytes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is none; the message says where the bytes lie.</exception>
    public Range Find(nint address, long bytes, string paramName)
    {
        Range[] ranges = Volatile.Read(ref _ranges);
        int index = IndexAfter(ranges, address) - 1;
        if (bytes < 0 || index < 0 || !ranges[index].Holds(address, bytes))
        {
            throw NotFound(ranges, index, address, bytes, paramName);
        }

        return ranges[index];
    }

    /// <summary>The first range that begins after an address; ranges are compared as unsigned numbers.</summary>
    private static int IndexAfter(Range[] ranges, nint address)
    {
        int low = 0;
        int high = ranges.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if ((nuint)ranges[middle].Address <= (nuint)address)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private static string Hex(nint address) => $"0x{address:x}";

    private ArgumentOutOfRangeException NotFound(Range[] ranges, int index, nint address, long bytes, string paramName)
    {
        string nearest = index >= 0
            ? $"the nearest memory below is {Hex(ranges[index].Address)} … {Hex(ranges[index].End - 1)}"
            : "no memory that it knows begins there or below";
        return new ArgumentOutOfRangeException(
            paramName,
            $"{bytes} bytes at {Hex(address)} are not inside one arena of device \"{deviceName}\" nor inside memory that it was told of; {nearest}.");
    }

    /// <summary>A range of addresses.</summary>
    internal sealed class Range(nint address, long length, MemoryBuffer buffer, long bufferOffset)
    {
        public nint Address => address;

        public long Length => length;

        public nint End => address + (nint)length;

        public MemoryBuffer Buffer => buffer;

        /// <summary>Whether some bytes, which do not begin below the range, are all inside.</summary>
        public bool Holds(nint inside, long bytes) => bytes <= length && (ulong)(nuint)inside - (ulong)(nuint)address <= (ulong)(length - bytes);

        /// <summary>Where an address lies in the buffer, in bytes.</summary>
        public long OffsetOf(nint inside) => inside - address + bufferOffset;

        /// <summary>The bytes; an empty view, which may begin at the range's end, is put where ILGPU takes it.</summary>
        public ArrayView<byte> View(nint inside, long bytes) => new(buffer, bytes == 0 ? 0 : OffsetOf(inside), bytes);
    }
}
