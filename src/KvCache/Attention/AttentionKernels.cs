using System.Runtime.Intrinsics;
using KvCache.Attention.Elements;
using KvCache.Attention.Simd;

namespace KvCache.Attention;

/// <summary>The kernels for one element type and vector width, behind one virtual call per work item.</summary>
internal abstract unsafe class AttentionKernels
{
    /// <summary>Gets the queries that a prefill block is padded to a multiple of.</summary>
    public abstract int Panel { get; }

    public abstract void Append(in AppendCall call, int row, int first, int end);

    public abstract void Decode(
        in AttentionCall call, int row, int first, int end, int headFirst, int headEnd, in DecodeScratch scratch);

    /// <summary>Writes the output of an item that was a row's only piece.</summary>
    public abstract void Write(in AttentionCall call, int row, int firstQuery, int queries, in DecodeScratch scratch);

    /// <summary>Writes the output of a row whose pieces are all done.</summary>
    public abstract void Combine(in AttentionCall call, int row, in PartialResults pieces, int firstSlot, int slots);

    public abstract void Prefill(in AttentionCall call, int row, int first, int end, int head, in PrefillScratch scratch);

    public static AttentionKernels Create(KvElementType type, int vectorBits) => vectorBits switch
    {
        512 => Create<Simd512, Vector512<float>>(type),
        256 => Create<Simd256, Vector256<float>>(type),
        _ => Create<Simd128, Vector128<float>>(type),
    };

    private static AttentionKernels Create<TSimd, TVector>(KvElementType type)
        where TSimd : struct, ISimd<TVector>
        where TVector : struct => type switch
        {
            KvElementType.Float32 => new AttentionKernels<TSimd, TVector, Float32Element>(),
            KvElementType.Float16 => new AttentionKernels<TSimd, TVector, Float16Element>(),
            _ => new AttentionKernels<TSimd, TVector, BFloat16Element>(),
        };
}
