using ILGPU;
using ILGPU.Runtime;
using KvCache.Gpu.Kernels;

namespace KvCache.Gpu.Cuda;

/// <summary>What kernels on tensor cores work on: <see cref="AttendArguments"/> with addresses for views, the same bytes on both sides.</summary>
internal struct TensorArguments
{
    public ulong Keys; // of the layer's first page
    public ulong Values;
    public ulong PageTable;
    public ulong Lengths;
    public ulong QueryOffsets;
    public ulong Queries;
    public ulong Output;
    public ulong PartialSums; // [row][query head][segment][value dim]
    public ulong PartialScales; // [row][query head][segment][largest score, total weight]
    public long KeyPageStride; // bytes
    public long KeyTokenStride;
    public long KeyHeadStride;
    public long ValuePageStride;
    public long ValueTokenStride;
    public long ValueHeadStride;
    public long QueryStride; // floats from a token to the next
    public long OutputStride;
    public float QueryScale; // makes dot products exponents of 2, or the argument of tanh where there is a cap
    public float CapLog2E; // the cap, as an exponent of 2; 0 for none
    public int PageTableRowStride;
    public int PageShift; // log₂ of the tokens of a page; 31 where there is one column
    public int Rows;
    public int QueryHeads;
    public int Group; // query heads that share a KV head
    public int HeadBlocks; // parts of a group that are worked on apart
    public int DecodedTokens; // rows of at most so many new tokens are left to the decode kernel
    public int Segments; // of a row that is decoded, at most
    public SegmentPlan Plan;

    /// <summary>The same call, but for the partial results and how it is parted.</summary>
    public static TensorArguments Of(in AttendArguments call) => new()
    {
        Keys = AddressOf(call.Cache.Keys),
        Values = AddressOf(call.Cache.Values),
        PageTable = AddressOf(call.Cache.PageTable),
        Lengths = AddressOf(call.Cache.Lengths),
        QueryOffsets = AddressOf(call.Cache.QueryOffsets),
        Queries = AddressOf(call.Queries),
        Output = AddressOf(call.Output),
        KeyPageStride = call.Cache.KeyPageStride,
        KeyTokenStride = call.Cache.KeyTokenStride,
        KeyHeadStride = call.Cache.KeyHeadStride,
        ValuePageStride = call.Cache.ValuePageStride,
        ValueTokenStride = call.Cache.ValueTokenStride,
        ValueHeadStride = call.Cache.ValueHeadStride,
        QueryStride = call.QueryStride,
        OutputStride = call.OutputStride,
        QueryScale = call.QueryScale,
        CapLog2E = call.CapLog2E,
        PageTableRowStride = call.Cache.PageTableRowStride,
        PageShift = call.Cache.PageShift,
        Rows = call.Cache.Rows,
        QueryHeads = call.QueryHeads,
        Group = call.Group,
        DecodedTokens = call.DecodedTokens,
    };

    /// <summary>The address of a view's first element; 0 for a view of nothing.</summary>
    public static unsafe ulong AddressOf<T>(ArrayView<T> view)
        where T : unmanaged => view.IsValid ? (ulong)view.LoadEffectiveAddressAsPtr() : 0;
}
