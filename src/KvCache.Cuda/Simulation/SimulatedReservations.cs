namespace KvCache.Cuda.Simulation;

/// <summary>The ranges of addresses that are reserved, found by any address in them.</summary>
internal sealed class SimulatedReservations
{
    private readonly SortedList<ulong, ulong> _bytesByAddress = [];

    public int Count => _bytesByAddress.Count;

    public void Add(ulong address, ulong bytes) => _bytesByAddress.Add(address, bytes);

    public void Remove(ulong address) => _bytesByAddress.Remove(address);

    /// <summary>Whether a range was reserved as it is.</summary>
    public bool Hold(ulong address, ulong bytes) => _bytesByAddress.TryGetValue(address, out ulong reserved) && reserved == bytes;

    /// <summary>Whether a range lies in one that was reserved.</summary>
    public bool Contain(ulong address, ulong bytes)
    {
        // The last reservation that begins at or below the address.
        IList<ulong> starts = _bytesByAddress.Keys;
        int low = 0;
        int high = starts.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = starts[middle] <= address ? (middle + 1, high) : (low, middle);
        }

        return low > 0 && address + bytes <= starts[low - 1] + _bytesByAddress.Values[low - 1];
    }
}
