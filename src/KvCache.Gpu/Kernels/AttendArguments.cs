using ILGPU;

namespace KvCache.Gpu.Kernels;

/// <summary>What kernels that attend work on.</summary>
internal struct AttendArguments
{
    public CacheArguments Cache;
    public ArrayView<float> Queries;
    public ArrayView<float> Output;
    public long QueryStride; // floats from a token to the next
    public long OutputStride;
    public float QueryScale; // makes dot products exponents of 2, or the argument of tanh where there is a cap
    public float CapLog2E; // the cap, as an exponent of 2; 0 for none
    public int Tokens; // of all rows
    public int QueryHeads;
    public int Group; // query heads that share a KV head
    public int HeadBlocks; // parts of a group that are worked on apart
    public int DecodedTokens; // rows of at most so many new tokens are left to the decode kernel
    public SegmentPlan Plan;
    public int Segments; // of a row that is decoded, at most
    public int SegmentGroups; // groups of warps that such a row takes
    public int LaneShift; // log₂ of the lanes that share a position
    public ArrayView<float> PartialSums; // [row][query head][segment][value dim]
    public ArrayView<float> PartialScales; // [row][query head][segment][largest score, total weight]
}
