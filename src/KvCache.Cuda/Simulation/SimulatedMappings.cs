using System.Runtime.InteropServices;
using KvCache.Cuda.Driver;

namespace KvCache.Cuda.Simulation;

/// <summary>What is mapped where, by granule: a mapping is found at each of its granules. Allocates nothing once it has its size.</summary>
internal sealed class SimulatedMappings(ulong granularity)
{
    private readonly Dictionary<ulong, SimulatedMapping> _granules = [];

    public int Count { get; private set; }

    public void Add(in SimulatedMapping mapping)
    {
        for (ulong granule = mapping.Address; granule < mapping.End; granule += granularity)
        {
            _granules.Add(granule, mapping);
        }

        mapping.Allocation.Mappings++;
        Count++;
    }

    /// <summary>Takes the mapping that begins at an address away.</summary>
    public SimulatedMapping Remove(ulong address)
    {
        SimulatedMapping mapping = _granules[address];
        for (ulong granule = address; granule < mapping.End; granule += granularity)
        {
            _granules.Remove(granule);
        }

        mapping.Allocation.Mappings--;
        Count--;
        return mapping;
    }

    /// <summary>Changes what may be done with the mapping that begins at an address.</summary>
    public SimulatedMapping SetAccess(ulong address, CudaAccess access)
    {
        SimulatedMapping mapping = _granules[address] with { Access = access };
        for (ulong granule = address; granule < mapping.End; granule += granularity)
        {
            CollectionsMarshal.GetValueRefOrNullRef(_granules, granule) = mapping;
        }

        return mapping;
    }

    public bool TryFindFirst(ulong address, ulong bytes, out SimulatedMapping mapping)
    {
        mapping = default;
        if (_granules.Count < (long)(bytes / granularity))
        {
            return TryFindAny(address, bytes, out mapping);
        }

        for (ulong granule = address; granule < address + bytes; granule += granularity)
        {
            if (_granules.TryGetValue(granule, out mapping))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a range is a row of whole mappings, and of how many.</summary>
    public bool Form(ulong address, ulong bytes, out int mappings)
    {
        mappings = 0;
        ulong at = address;
        while (at < address + bytes)
        {
            if (!_granules.TryGetValue(at, out SimulatedMapping mapping) || mapping.Address != at || mapping.End > address + bytes)
            {
                return false;
            }

            mappings++;
            at = mapping.End;
        }

        return bytes > 0;
    }

    /// <summary>Whether everything in a range is mapped and may be used so.</summary>
    public bool Allow(ulong address, ulong bytes, CudaAccess access)
    {
        for (ulong granule = address & ~(granularity - 1); granule < address + bytes; granule += granularity)
        {
            if (!_granules.TryGetValue(granule, out SimulatedMapping mapping) || (mapping.Access & access) != access)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Looks through what is mapped, where that is less than the range has granules.</summary>
    private bool TryFindAny(ulong address, ulong bytes, out SimulatedMapping mapping)
    {
        foreach (SimulatedMapping candidate in _granules.Values)
        {
            if (candidate.Address < address + bytes && candidate.End > address)
            {
                mapping = candidate;
                return true;
            }
        }

        mapping = default;
        return false;
    }
}
