using System.Runtime.InteropServices;

namespace KvCache.Gpu.Attention;

/// <summary>What of a layer and a call decides which kernel serves it.</summary>
/// <param name="Type">The cache's elements.</param>
/// <param name="KeyDim">Elements of a key.</param>
/// <param name="ValueDim">Elements of a value.</param>
/// <param name="Group">Query heads of a KV head.</param>
/// <param name="Aligned">Whether pages and heads lie as <see cref="Kernels.Layouts.AlignedLayout"/> wants.</param>
/// <param name="LargePages">Whether 16 positions that begin at a multiple of 16 always lie in one page.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct KernelShape(KvElementType Type, int KeyDim, int ValueDim, int Group, bool Aligned, bool LargePages)
{
    private const int TilePositions = 16;

    public static KernelShape Of(KvLayerView view, int queryHeads) => new(
        view.Shape.ElementType,
        view.Shape.KeyDim,
        view.Shape.ValueDim,
        queryHeads / view.Shape.KvHeads,
        DeviceArguments.IsAligned(view),
        view.TokensPerPage % TilePositions == 0 || (view.PageTableColumns == 1 && view.TokensPerPage > TilePositions));
}
