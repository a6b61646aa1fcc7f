namespace KvCache.Cuda.Mapping;

/// <summary>The reserved ranges and what is mapped in them. What the driver refuses to take away is taken away later.</summary>
internal sealed class CudaRanges(CudaMapper mapper)
{
    private readonly CudaReservations _reservations = new(mapper.ChunkBytes);

    public bool TryReserve(long bytes, out nint address)
    {
        address = 0;
        if (bytes / mapper.ChunkBytes > Array.MaxLength || !mapper.TryReserve(bytes, out address))
        {
            return false;
        }

        _reservations.Add(address, bytes);
        return true;
    }

    public void Release(nint address, long bytes)
    {
        CudaReservation reservation = _reservations.FindWhole(address, bytes);
        int mapped = reservation.Places.FindMapped(0, reservation.Places.Count);
        if (mapped >= 0)
        {
            throw new ArgumentException(
                $"Chunk {reservation.Places[mapped]} is still mapped at 0x{AddressOf(reservation, mapped):x}.", nameof(address));
        }

        reservation.IsReleased = true;
        TryFree(reservation);
    }

    /// <summary>Finds places at which nothing is mapped, or throws.</summary>
    public CudaSection FindEmpty(nint address, int count)
    {
        CudaSection section = Find(address, count);
        int mapped = section.Places.FindMapped(section.First, count);
        return mapped < 0
            ? section
            : throw new ArgumentException(
                $"Chunk {section.Places[mapped]} is mapped at 0x{AddressOf(section.Reservation, mapped):x} already.", nameof(address));
    }

    /// <summary>Finds places at which chunks are mapped, or throws.</summary>
    public CudaSection FindMapped(nint address, int count)
    {
        CudaSection section = Find(address, count);
        int hole = section.Places.FindUnmapped(section.First, count);
        return hole < 0
            ? section
            : throw new ArgumentException($"Nothing is mapped at 0x{AddressOf(section.Reservation, hole):x}.", nameof(address));
    }

    /// <summary>Maps chunks at places found empty, all or none.</summary>
    public bool TryMap(CudaSection section, ReadOnlySpan<int> chunks, ReadOnlySpan<ulong> handles, bool writable)
    {
        int left = 0;
        bool done = TryClearStale(section) && mapper.TryMap(AddressOf(section.Reservation, section.First), handles, writable, out left);
        for (int i = 0; done && i < chunks.Length; i++)
        {
            section.Places[section.First + i] = chunks[i];
        }

        section.Places.Fill(section.First, left, CudaPlaces.Stale);
        return done;
    }

    /// <summary>Takes away what is mapped at places found mapped.</summary>
    public void Unmap(CudaSection section)
    {
        bool unmapped = mapper.TryUnmap(AddressOf(section.Reservation, section.First), section.Count);
        section.Places.Fill(section.First, section.Count, unmapped ? CudaPlaces.Empty : CudaPlaces.Stale);
    }

    /// <summary>Gives everything back; false where the driver has refused something.</summary>
    public bool TryGiveBack()
    {
        bool done = true;
        foreach (CudaReservation reservation in _reservations.All.ToArray())
        {
            reservation.IsReleased = true;
            CudaPlaces places = reservation.Places;
            for (int mapped = places.FindMapped(0, places.Count); mapped >= 0; mapped = places.FindMapped(mapped, places.Count - mapped))
            {
                places[mapped] = CudaPlaces.Stale;
            }

            done &= TryFree(reservation);
        }

        return done;
    }

    /// <summary>Takes away what the driver has refused to take away before.</summary>
    private bool TryClearStale(CudaSection section)
    {
        int end = section.First + section.Count;
        for (int at = section.First; (at = section.Places.FindStale(at, end - at, out int run)) >= 0;)
        {
            if (!mapper.TryUnmap(AddressOf(section.Reservation, at), run))
            {
                return false;
            }

            section.Places.Fill(at, run, CudaPlaces.Empty);
        }

        return true;
    }

    /// <summary>Frees a range that the user has given back; if the driver refuses, it stays for later.</summary>
    private bool TryFree(CudaReservation reservation)
    {
        if (!TryClearStale(new CudaSection(reservation, 0, reservation.Places.Count)) || !mapper.TryFree(reservation.Address, reservation.Bytes))
        {
            return false;
        }

        _reservations.Remove(reservation);
        return true;
    }

    private CudaSection Find(nint address, int count)
    {
        CudaReservation reservation = _reservations.Find(address, count, out int first);
        return reservation.IsReleased
            ? throw new ArgumentException($"address is 0x{address:x}: the range was given back.", nameof(address))
            : new CudaSection(reservation, first, count);
    }

    private nint AddressOf(CudaReservation reservation, int place) => reservation.Address + (nint)(place * mapper.ChunkBytes);
}
