using KvCache;
using KvCache.Cuda;
using KvCache.Cuda.Simulation;

namespace Replay.Footprints;

/// <summary>A GPU that is not there, with a model's weights on it: the managers run as on a real one, and the driver says what is free.</summary>
internal sealed class SimulatedServer : IDisposable
{
    private const long Granularity = 2L << 20;
    private readonly FootprintOptions _options;
    private readonly SimulatedCudaDriver _driver;
    private readonly CudaDevice _device;

    private SimulatedServer(FootprintOptions options)
    {
        _options = options;
        _driver = new SimulatedCudaDriver(new SimulatedCudaOptions
        {
            MemoryBytes = options.DeviceBytes,
            GranularityBytes = Math.Min(Granularity, options.ChunkBytes),
            MappingLimit = int.MaxValue,
        })
        {
            OtherBytes = options.OccupiedBytes,
        };
        _device = CudaDevice.Open(_driver.Driver);
    }

    /// <summary>Runs a batch with the cache in one manager.</summary>
    public static Footprint Run(string manager, FootprintOptions options, int batch)
    {
        using SimulatedServer server = new(options);
        Footprint footprint = server.Run(manager, batch);
        server._driver.CheckContract();
        return footprint;
    }

    public void Dispose()
    {
        _device.Dispose();
        _driver.Dispose();
    }

    private Footprint Run(string manager, int batch)
    {
        int open = 0;
        long tokens = 0;
        try
        {
            using CacheOnDevice cache = FootprintManagers.Create(manager, _options, batch, _device);
            (open, tokens) = Fill(cache.Allocator, batch);

            // The check waits for what is being mapped ahead.
            cache.Allocator.CheckIntegrity();
            (long free, long total) = _device.GetMemoryInfo();
            return new Footprint(manager, batch, open, free, total - free, tokens * _options.Geometry.BytesPerToken);
        }
        catch (InsufficientMemoryException)
        {
            (long free, long total) = _device.GetMemoryInfo();
            return new Footprint(manager, batch, 0, free, total - free, 0);
        }
    }

    /// <summary>Computes prompts until one is refused, then the answers as far as each is to be.</summary>
    private (int Open, long Tokens) Fill(IKvAllocator allocator, int batch)
    {
        List<KvSequence> open = [];
        int[] prompt = new int[_options.Context];
        while (open.Count < batch && allocator.TryOpen(prompt, null, reserve: 0, out KvSequence? sequence, out _))
        {
            open.Add(sequence);
        }

        Compute(allocator, open);
        int running = 0;
        for (int i = 0; i < open.Count; i++)
        {
            if (open[i].TryAppend(new int[_options.Generated(i, batch)], out _))
            {
                running++;
                continue;
            }

            // Who finds no room is preempted, as a server would.
            open[i].Dispose();
        }

        open.RemoveAll(static sequence => sequence.IsDisposed);
        Compute(allocator, open);
        return (running, open.Sum(static sequence => (long)sequence.Length));
    }

    private static void Compute(IKvAllocator allocator, List<KvSequence> sequences)
    {
        using KvStep step = allocator.BeginStep([.. sequences.Select(static sequence => new KvRow(sequence, sequence.UncomputedLength))]);
        step.Complete();
    }
}
