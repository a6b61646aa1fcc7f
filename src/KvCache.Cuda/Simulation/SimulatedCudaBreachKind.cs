namespace KvCache.Cuda.Simulation;

/// <summary>How the driver's contract was broken.</summary>
public enum SimulatedCudaBreachKind
{
    /// <summary>A call on a thread on which no context of the driver is current.</summary>
    NoContext,

    /// <summary>An address, a length or an alignment is no multiple of the granularity.</summary>
    Granularity,

    /// <summary>Another argument that the driver does not accept.</summary>
    InvalidArgument,

    /// <summary>A handle of memory, of a stream, of an event or of a context that does not exist, or no longer; a second release.</summary>
    InvalidHandle,

    /// <summary>Memory is mapped where something is mapped.</summary>
    DoubleMap,

    /// <summary>Memory is mapped where no addresses are reserved.</summary>
    OutsideReservation,

    /// <summary>A range is unmapped that does not consist of whole mappings: a part of one, or a hole.</summary>
    PartialUnmap,

    /// <summary>A range is unmapped, or freed, while work that uses it may still run.</summary>
    UnmapWhileInUse,

    /// <summary>Access is set on a range that does not consist of whole mappings.</summary>
    AccessOutsideMapping,

    /// <summary>A kernel or copy touches memory that is not mapped, or to which it was not given access.</summary>
    IllegalAccess,

    /// <summary>Addresses are freed that were not reserved as one range, or in which something is mapped.</summary>
    InvalidFree,

    /// <summary>Mappings change while work runs, on a device that does not bear it.</summary>
    MapWhileRunning,

    /// <summary>Something was not given back.</summary>
    Leak,
}
