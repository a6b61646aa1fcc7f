using KvCache.Attention.Elements;
using KvCache.Attention.Simd;

namespace KvCache.Attention;

/// <inheritdoc/>
internal sealed class AttentionKernels<TSimd, TVector, TElement> : AttentionKernels
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TElement : struct, IElement
{
    public override int Panel => MatrixKernel<TSimd, TVector>.Columns;

    public override void Append(in AppendCall call, int row, int first, int end) =>
        AppendKernel<TSimd, TVector, TElement>.Write(in call, row, first, end);

    public override void Decode(
        in AttentionCall call, int row, int first, int end, int headFirst, int headEnd, in DecodeScratch scratch) =>
        DecodeKernel<TSimd, TVector, TElement>.Run(in call, row, first, end, headFirst, headEnd, in scratch);

    public override void Write(in AttentionCall call, int row, int firstQuery, int queries, in DecodeScratch scratch) =>
        DecodeOutput<TSimd, TVector>.Write(in call, row, firstQuery, queries, in scratch);

    public override void Combine(in AttentionCall call, int row, in PartialResults pieces, int firstSlot, int slots) =>
        DecodeOutput<TSimd, TVector>.Combine(in call, row, in pieces, firstSlot, slots);

    public override void Prefill(in AttentionCall call, int row, int first, int end, int head, in PrefillScratch scratch) =>
        PrefillKernel<TSimd, TVector, TElement>.Run(in call, row, first, end, head, in scratch);
}
