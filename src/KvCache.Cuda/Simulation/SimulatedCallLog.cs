using KvCache.Cuda.Driver;

namespace KvCache.Cuda.Simulation;

/// <summary>Counts calls and charges their times to a virtual clock.</summary>
internal sealed class SimulatedCallLog(SimulatedCudaCosts costs, int seed)
{
    private readonly Entry[] _entries = new Entry[Enum.GetValues<CudaEntryPoint>().Length];
    private readonly Random _random = new(seed);
    private double _microseconds;
    private long _releasedBytes;

    public long CallCount { get; private set; }

    public TimeSpan Elapsed => TimeSpan.FromMicroseconds(_microseconds);

    public void Count(CudaEntryPoint entryPoint)
    {
        CallCount++;
        _entries[(int)entryPoint].Count++;
    }

    public CudaError Refuse(CudaEntryPoint entryPoint, CudaError error)
    {
        _entries[(int)entryPoint].Refused += error is CudaError.Success or CudaError.NotReady ? 0 : 1;
        return error;
    }

    /// <summary>Charges a call that dealt with some mappings, or some bytes.</summary>
    /// <returns>How long it took, in microseconds.</returns>
    public double Charge(CudaEntryPoint entryPoint, int mappings = 1, long bytes = 0)
    {
        double time = 0;
        for (int i = 0; i < Math.Max(1, mappings); i++)
        {
            time += CostOf(entryPoint).At(_random.NextDouble());
        }

        if (entryPoint == CudaEntryPoint.cuMemRelease)
        {
            _releasedBytes += bytes;
            time += costs.ReleasePerMebibyte * bytes / (1 << 20);
        }
        else if (entryPoint is CudaEntryPoint.cuMemSetAccess or CudaEntryPoint.cuMemUnmap
            && _releasedBytes >= costs.StallAfterReleasedBytes && _random.NextDouble() < costs.StallProbability)
        {
            _releasedBytes = 0;
            time += costs.Stall;
        }

        ref Entry entry = ref _entries[(int)entryPoint];
        entry.Total += time;
        entry.Worst = Math.Max(entry.Worst, time);
        _microseconds += time;
        return time;
    }

    public IReadOnlyList<SimulatedCudaCalls> GetCalls() =>
    [
        .. Enum.GetValues<CudaEntryPoint>()
            .Select(entryPoint => (Name: entryPoint.ToString(), Entry: _entries[(int)entryPoint]))
            .Where(static call => call.Entry.Count > 0)
            .Select(static call => new SimulatedCudaCalls(
                call.Name, call.Entry.Count, call.Entry.Refused, TimeSpan.FromMicroseconds(call.Entry.Total), TimeSpan.FromMicroseconds(call.Entry.Worst))),
    ];

    private SimulatedCudaCost CostOf(CudaEntryPoint entryPoint) => entryPoint switch
    {
        CudaEntryPoint.cuMemAddressReserve or CudaEntryPoint.cuMemAddressFree => costs.Reserve,
        CudaEntryPoint.cuMemCreate => costs.Create,
        CudaEntryPoint.cuMemMap => costs.Map,
        CudaEntryPoint.cuMemSetAccess => costs.SetAccess,
        CudaEntryPoint.cuMemUnmap => costs.Unmap,
        CudaEntryPoint.cuMemRelease => costs.Release,
        _ => costs.Other,
    };

    private struct Entry
    {
        public long Count;
        public long Refused;
        public double Total;
        public double Worst;
    }
}
