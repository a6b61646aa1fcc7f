using KvCache.Cuda;
using KvCache.GpuCheck.Checks;
using KvCache.GpuCheck.Report;
using KvCache.Virtual;

namespace KvCache.GpuCheck.VirtualMemory;

/// <summary>Holds the virtual manager on the driver to its contract: random requests, stamps at every position.</summary>
internal sealed class VirtualManager : DriverCheck
{
    private const int GroupTokens = 64;
    private const int BlockTokens = 16;
    private const int Dim = 256;
    private const int Groups = 48;

    public override string Name => "virtual-manager";

    public override string Summary => "random opens, hits, growth, forks, truncation and trims of VirtualKvAllocator over CudaVirtualMemory against a model";

    protected override void Check(CheckContext context, CudaDevice device) =>
        context.Report.Tables.Add(Run(device, context.Quick ? 2 : 8, 150, context.Report.Failures));

    /// <summary>Runs some programs, with and without mapping ahead.</summary>
    public static CheckTable Run(CudaDevice device, int programs, int operations, List<string> failures)
    {
        CheckTable table = new(
            "VirtualKvAllocator over CudaVirtualMemory against a model", "tokens mapped ahead", "programs", "operations", "tokens found", "forks", "refusals", "trimmed, MiB", "wrong");
        using StampPort port = new(device);
        foreach (int lookahead in (int[])[0, 64])
        {
            List<ManagerModel> models = [];
            for (int seed = 0; seed < programs; seed++)
            {
                models.Add(Run(device, port, seed, lookahead, operations));
                failures.AddRange(models[^1].Failures);
            }

            table.Add(
                lookahead,
                programs,
                models.Sum(static model => model.Operations),
                models.Sum(static model => model.HitTokens),
                models.Sum(static model => model.Forks),
                models.Sum(static model => model.Refusals),
                models.Sum(static model => model.TrimmedBytes) >> 20,
                models.Sum(static model => model.Failures.Count));
        }

        return table;
    }

    private static ManagerModel Run(CudaDevice device, StampPort port, int seed, int lookahead, int operations)
    {
        using CudaVirtualMemory probe = new(device, new CudaVirtualMemoryOptions { ChunkCapacity = 1 });
        KvGeometry geometry = new(new KvLayerGroup(2, (int)Math.Max(1, probe.ChunkBytes / GroupTokens / (2 * Dim)), Dim, Dim, KvElementType.Float16));
        ChunkPlan plan = new(geometry, probe.ChunkBytes, BlockTokens);
        using CudaVirtualMemory memory = new(device, new CudaVirtualMemoryOptions { ChunkCapacity = Groups * plan.ChunksPerGroup });
        using VirtualKvAllocator allocator = new(new VirtualKvAllocatorOptions
        {
            Geometry = geometry,
            Memory = memory,
            BlockTokens = BlockTokens,
            MaxSequences = 12,
            LookaheadTokens = lookahead,
        });
        ManagerModel model = new(allocator, port, seed);
        model.Run(operations);
        if (memory.CreatedChunks != 0)
        {
            model.Failures.Add($"virtual allocator, seed {seed}: {memory.CreatedChunks} chunks are left after everything was trimmed");
        }

        return model;
    }
}
