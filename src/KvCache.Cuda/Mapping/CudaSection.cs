namespace KvCache.Cuda.Mapping;

/// <summary>Some places of a reserved range, one after the other.</summary>
internal readonly record struct CudaSection(CudaReservation Reservation, int First, int Count)
{
    public CudaPlaces Places => Reservation.Places;
}
