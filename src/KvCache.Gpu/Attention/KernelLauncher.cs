using ILGPU;
using ILGPU.Runtime;
using KvCache.Gpu.Cuda;
using KvCache.Gpu.Kernels;

namespace KvCache.Gpu.Attention;

/// <summary>Sizes the grids of the kernels that are chosen for a call and submits them to a stream.</summary>
internal sealed class KernelLauncher(Accelerator accelerator, KernelPolicy policy, KernelChooser chooser) : IDisposable
{
    private const int GroupWarps = 4;

    private readonly LoadedKernels _kernels = LoadedKernels.Of(accelerator);
    private readonly Workspace<float> _sums = new(accelerator);
    private readonly Workspace<float> _scales = new(accelerator);

    /// <summary>Gets what the latest attention used for rows with one new token; null where there were none.</summary>
    public KernelChoice? Decoded { get; private set; }

    /// <summary>Gets what it used for rows with several.</summary>
    public KernelChoice? Prefilled { get; private set; }

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
    /// <param name="shape">What decides on the kernels.</param>
    public void Attend(AcceleratorStream stream, ref AttendArguments arguments, in RowSummary rows, in KernelShape shape)
    {
        Decoded = rows.DecodedRows > 0 ? chooser.Decode(shape) : null;
        bool decodes = Decoded is { Form: not KernelForm.Threads };
        arguments.DecodedTokens = decodes ? 1 : 0;
        if (decodes)
        {
            Decode(stream, ref arguments, rows, shape, Decoded!);
        }

        bool others = rows.OtherTokens > 0 || (rows.DecodedRows > 0 && !decodes);
        Prefilled = others ? chooser.Prefill(shape) : null;
        switch (Prefilled?.Form)
        {
            case KernelForm.Tensor:
                PrefillByTensorCores(arguments, Prefilled.Tensor!);
                break;
            case KernelForm.Tiles:
                PrefillInTiles(stream, ref arguments, Prefilled.Portable!);
                break;
            case KernelForm.Threads:
                AttendByThreads(stream, ref arguments, Prefilled.Portable!);
                break;
        }

        if (!decodes && rows.DecodedRows > 0)
        {
            (Decoded, Prefilled) = (Prefilled, rows.OtherTokens > 0 ? Prefilled : null);
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
        AcceleratorStream stream, ref AttendArguments arguments, in RowSummary rows, in KernelShape shape, KernelChoice choice)
    {
        if (choice.Tensor is { } kernel)
        {
            DecodeByTensorCores(stream, ref arguments, rows, kernel);
        }
        else
        {
            DecodeByWarps(stream, ref arguments, rows, shape, choice.Portable!);
        }

        if (arguments.Segments > 1)
        {
            long elements = (long)arguments.Cache.Rows * arguments.QueryHeads * arguments.Cache.ValueDim;
            _kernels.Launch(CombineKernel.Variant, stream, Plain(elements), arguments);
        }
    }

    private void DecodeByTensorCores(AcceleratorStream stream, ref AttendArguments arguments, in RowSummary rows, TensorKernel kernel)
    {
        TensorArguments call = TensorArguments.Of(arguments);
        TensorGrid grid = TensorGrid.OfDecode(ref call, arguments.Cache.KeyDim, arguments.Cache.KvHeads, kernel.Split, rows.LongestDecoded);
        arguments.Plan = call.Plan;
        arguments.Segments = call.Segments;
        TakePartials(stream, ref arguments);
        call.PartialSums = TensorArguments.AddressOf(arguments.PartialSums);
        call.PartialScales = TensorArguments.AddressOf(arguments.PartialScales);
        kernel.Function.Launch(grid.X, grid.Y, call);
    }

    private void DecodeByWarps(
        AcceleratorStream stream, ref AttendArguments arguments, in RowSummary rows, in KernelShape shape, KernelVariant<AttendArguments> variant)
    {
        int kvHeads = arguments.Cache.KvHeads;
        int heads = KernelCatalog.DecodeHeads(shape.Aligned, arguments.Group);
        arguments.HeadBlocks = (arguments.Group + heads - 1) / heads;
        arguments.Plan = PlanFor(kvHeads * arguments.HeadBlocks);
        arguments.Segments = arguments.Plan.MostSegments(rows.LongestDecoded);
        arguments.LaneShift = 0;
        while (Floats8.Count << arguments.LaneShift < Math.Max(shape.KeyDim, shape.ValueDim))
        {
            arguments.LaneShift++;
        }

        TakePartials(stream, ref arguments);
        int warps = Math.Clamp(accelerator.MaxNumThreadsPerGroup / accelerator.WarpSize, 1, GroupWarps);
        arguments.SegmentGroups = (arguments.Segments + warps - 1) / warps;
        KernelConfig config = new(
            new Index3D(checked(arguments.Cache.Rows * arguments.SegmentGroups), kvHeads * arguments.HeadBlocks, 1),
            new Index3D(warps * accelerator.WarpSize, 1, 1));
        _kernels.Launch(variant, stream, config, arguments);
    }

    /// <summary>Takes the memory in which segments' results wait, where rows have several.</summary>
    private void TakePartials(AcceleratorStream stream, ref AttendArguments arguments)
    {
        if (arguments.Segments > 1)
        {
            long parts = (long)arguments.Cache.Rows * arguments.QueryHeads * arguments.Segments;
            arguments.PartialSums = _sums.Take(stream, parts * arguments.Cache.ValueDim);
            arguments.PartialScales = _scales.Take(stream, parts * 2);
        }
    }

    private static void PrefillByTensorCores(in AttendArguments arguments, TensorKernel kernel)
    {
        TensorArguments call = TensorArguments.Of(arguments);
        TensorGrid grid = TensorGrid.OfPrefill(ref call, arguments.Cache.KvHeads, arguments.Tokens);
        kernel.Function.Launch(grid.X, grid.Y, call);
    }

    private void PrefillInTiles(AcceleratorStream stream, ref AttendArguments arguments, KernelVariant<AttendArguments> variant)
    {
        int blockHeads = Math.Min(arguments.Group, KernelCatalog.PrefillQueries);
        arguments.HeadBlocks = (arguments.Group + blockHeads - 1) / blockHeads;
        int blocks = StepRows.Blocks(arguments.Tokens, arguments.Cache.Rows, KernelCatalog.PrefillQueries / blockHeads);
        KernelConfig config = new(
            new Index3D(blocks, arguments.Cache.KvHeads * arguments.HeadBlocks, 1), new Index3D(KernelCatalog.PrefillThreads, 1, 1));
        _kernels.Launch(variant, stream, config, arguments);
    }

    private void AttendByThreads(AcceleratorStream stream, ref AttendArguments arguments, KernelVariant<AttendArguments> variant)
    {
        KernelConfig config = Plain((long)arguments.Tokens * arguments.QueryHeads);

        // The decode kernel's parts, if there are any, have been read by the time that these sums are written.
        arguments.PartialSums = _sums.Take(stream, config.GridDim.Size * config.GroupDim.Size * arguments.Cache.ValueDim);
        _kernels.Launch(variant, stream, config, arguments);
    }

    private SegmentPlan PlanFor(int units) => new() { Granule = policy.SegmentGranule, Limit = policy.SegmentLimitFor(units) };

    /// <summary>A grid whose threads share units of work: each takes every n-th.</summary>
    private KernelConfig Plain(long units)
    {
        long groups = (units + policy.GroupThreads - 1) / policy.GroupThreads;
        return new KernelConfig((int)Math.Clamp(groups, 1, policy.GroupLimit), policy.GroupThreads);
    }
}
