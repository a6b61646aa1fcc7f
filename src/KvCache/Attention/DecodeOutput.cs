using KvCache.Attention.Simd;

namespace KvCache.Attention;

/// <summary>What becomes of a decode item's sums: the output, or a part of it.</summary>
internal static unsafe class DecodeOutput<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
{
    /// <summary>Divides sums by totals, into the row's output.</summary>
    public static void Write(in AttentionCall call, int row, int firstQuery, int queries, in DecodeScratch scratch)
    {
        for (int query = 0; query < queries; query++)
        {
            Scaling<TSimd, TVector>.Scale(
                scratch.Sums + ((nint)query * scratch.SumStride),
                1 / scratch.Totals[query],
                Output(in call, row, firstQuery + query),
                call.ValueDim);
        }
    }

    /// <summary>Adds what the pieces of a row have found, each brought down to the largest score of all, in order.</summary>
    public static void Combine(in AttentionCall call, int row, in PartialResults pieces, int firstSlot, int slots)
    {
        for (int query = 0; query < call.QueryHeads; query++)
        {
            float largest = float.NegativeInfinity;
            for (int slot = firstSlot; slot < firstSlot + slots; slot++)
            {
                largest = MathF.Max(largest, pieces.Largest(slot, query));
            }

            float* output = Output(in call, row, query);
            float total = 0;
            for (int slot = firstSlot; slot < firstSlot + slots; slot++)
            {
                float weight = float.Exp2(pieces.Largest(slot, query) - largest);
                total += pieces.Total(slot, query) * weight;
                if (slot == firstSlot)
                {
                    Scaling<TSimd, TVector>.Scale(pieces.Sums(slot, query), weight, output, call.ValueDim);
                }
                else
                {
                    Scaling<TSimd, TVector>.Add(pieces.Sums(slot, query), weight, output, call.ValueDim);
                }
            }

            Scaling<TSimd, TVector>.Scale(output, 1 / total, output, call.ValueDim);
        }
    }

    private static float* Output(in AttentionCall call, int row, int query) =>
        call.Output + (call.QueryOffsets[row] * call.OutputStride) + ((nint)query * call.ValueDim);
}
