using ILGPU;

namespace KvCache.Gpu.Kernels;

/// <summary>A layer's pages and a step's rows, as kernels take them: what <see cref="KvLayerView"/> says, on the device.</summary>
internal struct CacheArguments
{
    public ArrayView<byte> Keys;
    public ArrayView<byte> Values;
    public ArrayView<int> PageTable;
    public ArrayView<int> Lengths;
    public ArrayView<int> QueryOffsets;
    public long KeyPageStride;
    public long KeyTokenStride;
    public long KeyHeadStride;
    public long ValuePageStride;
    public long ValueTokenStride;
    public long ValueHeadStride;
    public int PageTableRowStride;
    public int TokensPerPage;
    public int PageShift; // log₂ of the tokens of a page, where that is whole; 31 where there is one column
    public int Rows;
    public int KvHeads;
    public int KeyDim;
    public int ValueDim;
}
