using KvCache.Serving.CostModels;
using KvCache.Serving.Simulation;
using Replay.Manager;
using Replay.Serving;

namespace Replay.Demonstration;

/// <summary>Serves one load by several servers: without and with the prefix cache, and with half and twice the memory.</summary>
internal static class DemonstrationRun
{
    /// <param name="options">The load and the device.</param>
    /// <param name="report">Takes the share that is done, 0 … 1, now and then.</param>
    public static IReadOnlyList<ServedLoad> Run(DemonstrationOptions options, Action<double> report)
    {
        Server server = new(
            options.Model,
            TensorParallel: 1,
            new RooflineCostModel(options.Model, options.Device),
            options.BlockTokens,
            Blocks: checked((int)(MemoryBudget.CacheBytes(options.Model, options.Device) / (options.Model.CacheBytesPerToken * options.BlockTokens))),
            ChunkBytes: CacheOptions.DefaultChunkBytes,
            MaxSequences: 256,
            MaxStepTokens: 2_048,
            PrefixCaching: true,
            Deduplicate: true);
        (string Name, Server Server)[] servers =
        [
            ("no prefix cache", server with { PrefixCaching = false }),
            ("prefix cache", server),
            ("half the memory", server with { Blocks = server.Blocks / 2 }),
            ("twice the memory", server with { Blocks = server.Blocks * 2 }),
        ];
        GeneratedLoad load = new(options.Load, "");
        List<ServedLoad> served = [];
        foreach ((string name, Server one) in servers)
        {
            int before = served.Count;
            served.Add(ServedLoad.Serve(Managers.Paged, one, load, new ServiceObjectives(), done => report((before + done) / servers.Length)) with { Name = name });
        }

        return served;
    }
}
