namespace KvCache.Cuda.Mapping;

/// <summary>All reserved ranges, found by any address in them.</summary>
internal sealed class CudaReservations(long chunkBytes)
{
    private readonly SortedList<nint, CudaReservation> _byAddress = [];

    public int Count => _byAddress.Count;

    public IList<CudaReservation> All => _byAddress.Values;

    public void Add(nint address, long bytes) =>
        _byAddress.Add(address, new CudaReservation(address, bytes, checked((int)(bytes / chunkBytes))));

    public void Remove(CudaReservation reservation) => _byAddress.Remove(reservation.Address);

    /// <summary>The range that was reserved exactly so.</summary>
    public CudaReservation FindWhole(nint address, long bytes) =>
        _byAddress.TryGetValue(address, out CudaReservation? found) && found.Bytes == bytes
            ? found
            : throw new ArgumentException($"No range of {bytes} bytes was reserved at 0x{address:x}.", nameof(address));

    /// <summary>The range that some chunks' length lies in, and the first of its places.</summary>
    public CudaReservation Find(nint address, int count, out int first)
    {
        IList<nint> starts = _byAddress.Keys;
        int low = 0;
        int high = starts.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = starts[middle] <= address ? (middle + 1, high) : (low, middle);
        }

        CudaReservation? found = low > 0 ? _byAddress.Values[low - 1] : null;
        long offset = found is null ? 0 : address - found.Address;
        if (found is null || offset >= found.Bytes || count > (found.Bytes - offset) / chunkBytes)
        {
            throw new ArgumentException(
                $"address is 0x{address:x}: {count} chunks of {chunkBytes} bytes from there do not lie in one reserved range.", nameof(address));
        }

        if (offset % chunkBytes != 0)
        {
            throw new ArgumentException($"address is 0x{address:x}; expected a multiple of {chunkBytes}, the bytes of a chunk.", nameof(address));
        }

        first = (int)(offset / chunkBytes);
        return found;
    }
}
