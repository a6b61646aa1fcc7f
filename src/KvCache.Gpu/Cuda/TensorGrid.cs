using System.Numerics;
using KvCache.Gpu.Kernels;

namespace KvCache.Gpu.Cuda;

/// <summary>The blocks of a launch.</summary>
/// <param name="X">Blocks along x.</param>
/// <param name="Y">Blocks along y.</param>
internal readonly record struct TensorGrid(int X, int Y)
{
    /// <summary>Cuts decoded rows into segments and says how many blocks that takes.</summary>
    /// <param name="arguments">The call; how it is parted is filled in here.</param>
    /// <param name="dim">The head dim.</param>
    /// <param name="kvHeads">KV heads.</param>
    /// <param name="split">How rows are cut.</param>
    /// <param name="longest">The length of the longest row that is decoded.</param>
    /// <remarks>A row is cut by its own length alone. The grid is that of the next power of two of segments, so that a captured launch serves
    /// a step until its rows have twice as many; blocks without work end at once.</remarks>
    public static TensorGrid OfDecode(ref TensorArguments arguments, int dim, int kvHeads, in TensorSplit split, int longest)
    {
        arguments.HeadBlocks = Parts(arguments.Group, TensorCatalog.DecodeHeads(dim, arguments.Group));
        arguments.DecodedTokens = 1;
        int units = kvHeads * arguments.HeadBlocks;
        arguments.Plan = split.PlanFor(units);
        uint segments = BitOperations.RoundUpToPowerOf2((uint)arguments.Plan.MostSegments(longest));
        arguments.Segments = (int)Math.Min(segments, (uint)arguments.Plan.Limit);
        return new TensorGrid(checked(arguments.Rows * arguments.Segments), units);
    }

    /// <summary>Says how many blocks rows with several new tokens take.</summary>
    /// <param name="arguments">The call; how it is parted is filled in here.</param>
    /// <param name="kvHeads">KV heads.</param>
    /// <param name="tokens">New tokens of all rows.</param>
    public static TensorGrid OfPrefill(ref TensorArguments arguments, int kvHeads, int tokens)
    {
        int blockHeads = Math.Min(arguments.Group, TensorCatalog.PrefillQueries);
        arguments.HeadBlocks = Parts(arguments.Group, blockHeads);
        return new TensorGrid(
            StepRows.Blocks(tokens, arguments.Rows, TensorCatalog.PrefillQueries / blockHeads), kvHeads * arguments.HeadBlocks);
    }

    private static int Parts(int count, int most) => (count + most - 1) / most;
}
