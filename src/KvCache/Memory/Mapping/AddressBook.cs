namespace KvCache.Memory.Mapping;

/// <summary>All reserved ranges in the order of their addresses, what is mapped in them, and how many mappings that makes.</summary>
internal sealed class AddressBook(long chunkBytes, MappingLimit limit)
{
    private readonly List<ReservedRange> _ranges = [];

    public IReadOnlyList<ReservedRange> Ranges => _ranges;

    /// <summary>How many mappings of the kernel all this is: neighbours that continue one another are one.</summary>
    public int Mappings { get; private set; }

    /// <summary>Enters a range; false if that were a mapping too many.</summary>
    public bool TryAdd(AddressRange addresses)
    {
        int index = IndexAfter(addresses.Address);
        int before = StartsAt(index);
        _ranges.Insert(index, new ReservedRange(addresses, (int)(addresses.Bytes / chunkBytes)));
        int change = StartsAt(index) + StartsAt(index + 1) - before;
        if (limit.TryChange(change))
        {
            Mappings += change;
            return true;
        }

        _ranges.RemoveAt(index);
        return false;
    }

    /// <summary>Strikes out a range that nothing is mapped in.</summary>
    public void Remove(int index)
    {
        int before = StartsAt(index) + StartsAt(index + 1);
        _ranges.RemoveAt(index);
        int change = StartsAt(index) - before;
        limit.Change(change);
        Mappings += change;
    }

    /// <summary>Strikes out everything.</summary>
    public void Clear()
    {
        _ranges.Clear();
        limit.Change(-Mappings);
        Mappings = 0;
    }

    /// <summary>Enters that chunks are mapped; false if that were mappings too many.</summary>
    public bool TrySet(int index, int place, ReadOnlySpan<int> chunks, bool writable)
    {
        int before = CountStarts(index, place, chunks.Length);
        _ranges[index].Set(place, chunks, writable);
        int change = CountStarts(index, place, chunks.Length) - before;
        if (limit.TryChange(change))
        {
            Mappings += change;
            return true;
        }

        _ranges[index].Clear(place, chunks.Length);
        return false;
    }

    /// <summary>Enters that nothing is mapped any more.</summary>
    public void Unset(int index, int place, int count)
    {
        int before = CountStarts(index, place, count);
        _ranges[index].Clear(place, count);
        int change = CountStarts(index, place, count) - before;
        limit.Change(change);
        Mappings += change;
    }

    /// <summary>The index of the range that was reserved exactly so.</summary>
    public int FindWhole(nint address, long bytes)
    {
        int index = IndexAfter(address) - 1;
        return index >= 0 && _ranges[index].Address == address && _ranges[index].Bytes == bytes
            ? index
            : throw new ArgumentException($"address is 0x{address:x}: no range of {bytes} bytes was reserved there.", nameof(address));
    }

    /// <summary>The index of the range that some chunks' length lies in, and the place of the first in it.</summary>
    public int Find(nint address, int count, out int place)
    {
        int index = IndexAfter(address) - 1;
        long offset = index < 0 ? 0 : address - _ranges[index].Address;
        if (index < 0 || offset >= _ranges[index].Bytes || count > (_ranges[index].Bytes - offset) / chunkBytes)
        {
            throw new ArgumentException(
                $"address is 0x{address:x}: {count} chunks of {chunkBytes} bytes from there do not lie in one reserved range.", nameof(address));
        }

        if (offset % chunkBytes != 0)
        {
            throw new ArgumentException($"address is 0x{address:x}; expected a multiple of {chunkBytes}, the bytes of a chunk.", nameof(address));
        }

        place = (int)(offset / chunkBytes);
        return index;
    }

    /// <summary>Counts the mappings that begin in a part of a range, or right behind it.</summary>
    private int CountStarts(int index, int place, int count)
    {
        ReservedRange range = _ranges[index];
        int end = place + count;
        int starts = place == 0 ? StartsAt(index) : 0;
        for (int next = Math.Max(place, 1); next <= Math.Min(end, range.Length - 1); next++)
        {
            starts += ReservedRange.Merges(range[next - 1], range[next]) ? 0 : 1;
        }

        return end == range.Length ? starts + StartsAt(index + 1) : starts;
    }

    /// <summary>1 if the first place of a range begins a mapping, 0 if it continues that of the range right below or there is no such range.</summary>
    private int StartsAt(int index)
    {
        if (index >= _ranges.Count)
        {
            return 0;
        }

        ReservedRange? below = index > 0 ? _ranges[index - 1] : null;
        ReservedRange range = _ranges[index];
        return below is not null && below.Address + (nint)below.Bytes == range.Address && ReservedRange.Merges(below.Last, range.First) ? 0 : 1;
    }

    private int IndexAfter(nint address)
    {
        int low = 0;
        int high = _ranges.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = _ranges[middle].Address <= address ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
