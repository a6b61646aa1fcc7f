using KvCache.Attention;

namespace KvCache.Benchmarks.Baselines;

/// <summary>Writing a step's keys and values as one would write it first: token by token, element by element, by the address formula. One thread.</summary>
internal static unsafe class NaiveAppend
{
    public static void Append(KvLayerView view, KvTensor keys, KvTensor values)
    {
        KvLayerGroup shape = view.Shape;
        for (int row = 0; row < view.RowCount; row++)
        {
            ReadOnlySpan<int> pages = view.PageTableRow(row);
            int past = view.Lengths[row] - (view.QueryOffsets[row + 1] - view.QueryOffsets[row]);
            for (int i = view.QueryOffsets[row]; i < view.QueryOffsets[row + 1]; i++)
            {
                (int page, int offset) = Math.DivRem(past + i - view.QueryOffsets[row], view.TokensPerPage);
                nint key = view.KeyBase + (nint)((pages[page] * view.KeyPageStride) + (offset * view.KeyTokenStride));
                nint value = view.ValueBase + (nint)((pages[page] * view.ValuePageStride) + (offset * view.ValueTokenStride));
                Convert((float*)(keys.Address + (nint)(i * keys.TokenStride)), key, keys.Heads * keys.HeadDim, shape.ElementType);
                Convert((float*)(values.Address + (nint)(i * values.TokenStride)), value, values.Heads * values.HeadDim, shape.ElementType);
            }
        }
    }

    private static void Convert(float* source, nint destination, int count, KvElementType elementType)
    {
        for (int i = 0; i < count; i++)
        {
            switch (elementType)
            {
                case KvElementType.Float32:
                    ((float*)destination)[i] = source[i];
                    break;
                case KvElementType.Float16:
                    ((Half*)destination)[i] = (Half)source[i];
                    break;
                default:
                    ((ushort*)destination)[i] = RoundToBrain(source[i]);
                    break;
            }
        }
    }

    /// <summary>The upper half of a number, rounded to nearest even.</summary>
    private static ushort RoundToBrain(float number)
    {
        uint bits = BitConverter.SingleToUInt32Bits(number);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
