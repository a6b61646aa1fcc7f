using ILGPU;
using ILGPU.Runtime;
using KvCache.Gpu.Kernels;

namespace KvCache.Gpu.Attention;

/// <summary>Chooses the kernels for a call, sizes their grids and submits them to a stream.</summary>
internal sealed class KernelLauncher(Accelerator accelerator, KernelPolicy policy) : IDisposable
{
    private const int GroupWarps = 4;

    // Sixteen threads share a query in the prefill kernel and exchange values.
    private const int LeastPrefillWarp = 16;

    private readonly LoadedKernels _kernels = LoadedKernels.Of(accelerator);
    private readonly Workspace<float> _sums = new(accelerator);
    private readonly Workspace<float> _scales = new(accelerator);

    /// <summary>Submits the writing of a step's keys and values.</summary>
    public void Append(AcceleratorStream stream, in AppendArguments arguments, KvElementType type, bool aligned)
    {
        int eights = Eights(arguments.Cache.KeyDim) + Eights(arguments.Cache.ValueDim);
        long units = (long)arguments.Tokens * arguments.Cache.KvHeads * eights;
        _kernels.Launch(KernelCatalog.Append(type, aligned), stream, Plain(units), arguments);
    }

    /// <summary>Submits attention.</summary>
    /// <param name="stream">Where.</param>
    /// <param name="arguments">The call; what only kernels need to know is filled in here.</param>
    /// <param name="rows">What the rows ask for.</param>
    /// <param name="type">The cache's elements.</param>
    /// <param name="aligned">Whether pages and heads lie as <see cref="Kernels.Layouts.AlignedLayout"/> wants.</param>
    public void Attend(AcceleratorStream stream, ref AttendArguments arguments, in RowSummary rows, KvElementType type, bool aligned)
    {
        int dim = Math.Max(arguments.Cache.KeyDim, arguments.Cache.ValueDim);
        bool decodes = policy.SharesWork && rows.DecodedRows > 0 && dim <= Floats8.Count * accelerator.WarpSize;
        arguments.DecodedTokens = decodes ? 1 : 0;
        if (decodes)
        {
            Decode(stream, ref arguments, rows, type, aligned, dim);
        }

        if (rows.OtherTokens == 0 && (decodes || rows.DecodedRows == 0))
        {
            return;
        }

        bool tiles = policy.SharesWork && dim <= Floats8.Count * 32 && accelerator.WarpSize >= LeastPrefillWarp
            && accelerator.MaxNumThreadsPerGroup >= KernelCatalog.PrefillThreads;
        if (tiles)
        {
            Prefill(stream, ref arguments, type, aligned);
        }
        else
        {
            AttendByThreads(stream, ref arguments, type);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _sums.Dispose();
        _scales.Dispose();
    }

    private static int Eights(int dim) => (dim + Floats8.Count - 1) / Floats8.Count;

    private void Decode(
        AcceleratorStream stream, ref AttendArguments arguments, in RowSummary rows, KvElementType type, bool aligned, int dim)
    {
        int kvHeads = arguments.Cache.KvHeads;
        int heads = KernelCatalog.DecodeHeads(aligned, arguments.Group);
        arguments.HeadBlocks = (arguments.Group + heads - 1) / heads;
        arguments.Plan = PlanFor(kvHeads * arguments.HeadBlocks);
        arguments.Segments = arguments.Plan.MostSegments(rows.LongestDecoded);
        arguments.LaneShift = 0;
        while (Floats8.Count << arguments.LaneShift < dim)
        {
            arguments.LaneShift++;
        }

        if (arguments.Segments > 1)
        {
            long parts = (long)arguments.Cache.Rows * arguments.QueryHeads * arguments.Segments;
            arguments.PartialSums = _sums.Take(stream, parts * arguments.Cache.ValueDim);
            arguments.PartialScales = _scales.Take(stream, parts * 2);
        }

        int warps = Math.Clamp(accelerator.MaxNumThreadsPerGroup / accelerator.WarpSize, 1, GroupWarps);
        arguments.SegmentGroups = (arguments.Segments + warps - 1) / warps;
        KernelConfig config = new(
            new Index3D(checked(arguments.Cache.Rows * arguments.SegmentGroups), kvHeads * arguments.HeadBlocks, 1),
            new Index3D(warps * accelerator.WarpSize, 1, 1));
        _kernels.Launch(KernelCatalog.Decode(type, policy.PlainHalf, aligned, arguments.Group), stream, config, arguments);
        if (arguments.Segments > 1)
        {
            long elements = (long)arguments.Cache.Rows * arguments.QueryHeads * arguments.Cache.ValueDim;
            _kernels.Launch(CombineKernel.Variant, stream, Plain(elements), arguments);
        }
    }

    private void Prefill(AcceleratorStream stream, ref AttendArguments arguments, KvElementType type, bool aligned)
    {
        int blockHeads = Math.Min(arguments.Group, KernelCatalog.PrefillQueries);
        arguments.HeadBlocks = (arguments.Group + blockHeads - 1) / blockHeads;
        int blocks = StepRows.Blocks(arguments.Tokens, arguments.Cache.Rows, KernelCatalog.PrefillQueries / blockHeads);
        KernelConfig config = new(
            new Index3D(blocks, arguments.Cache.KvHeads * arguments.HeadBlocks, 1), new Index3D(KernelCatalog.PrefillThreads, 1, 1));
        _kernels.Launch(KernelCatalog.Prefill(type, policy.PlainHalf, aligned, arguments.Cache.ValueDim), stream, config, arguments);
    }

    private void AttendByThreads(AcceleratorStream stream, ref AttendArguments arguments, KvElementType type)
    {
        KernelConfig config = Plain((long)arguments.Tokens * arguments.QueryHeads);

        // The decode kernel's parts, if there are any, have been read by the time that these sums are written.
        arguments.PartialSums = _sums.Take(stream, config.GridDim.Size * config.GroupDim.Size * arguments.Cache.ValueDim);
        _kernels.Launch(KernelCatalog.Thread(type, policy.PlainHalf), stream, config, arguments);
    }

    private SegmentPlan PlanFor(int units) => new() { Granule = policy.SegmentGranule, Limit = policy.SegmentLimitFor(units) };

    /// <summary>A grid whose threads share units of work: each takes every n-th.</summary>
    private KernelConfig Plain(long units)
    {
        long groups = (units + policy.GroupThreads - 1) / policy.GroupThreads;
        return new KernelConfig((int)Math.Clamp(groups, 1, policy.GroupLimit), policy.GroupThreads);
    }
}
