using KvCache.Paged;
using Xunit;

namespace KvCache.Tests.Scenarios;

/// <summary>Keys and values that say which token, layer and writer they belong to.</summary>
internal static unsafe class Tagged
{
    public static float Of(int writer, int token, int layer, bool isValue) =>
        (writer * 100_000) + (token * 4) + (layer * 2) + (isValue ? 1 : 0);

    /// <summary>Computes all that is left of a sequence and writes its tags.</summary>
    public static void Compute(PagedKvAllocator allocator, KvSequence sequence, int writer)
    {
        int first = sequence.ComputedLength;
        int count = sequence.Length - first;
        int[] tokens = new int[count];
        sequence.CopyTokens(first, tokens);
        using KvStep step = allocator.BeginStep([new KvRow(sequence, count)]);
        for (int layer = 0; layer < allocator.Geometry.LayerCount; layer++)
        {
            KvLayerView view = step.Enter(layer);
            for (int i = 0; i < count; i++)
            {
                *Key(view, first + i) = Of(writer, tokens[i], layer, isValue: false);
                *Value(view, first + i) = Of(writer, tokens[i], layer, isValue: true);
            }

            step.Leave(layer);
        }

        step.Complete();
    }

    /// <summary>Reads every computed position back.</summary>
    public static void Verify(PagedKvAllocator allocator, KvSequence sequence, int writer)
    {
        int[] tokens = new int[sequence.ComputedLength];
        sequence.CopyTokens(0, tokens);
        using KvStep step = allocator.BeginStep([new KvRow(sequence, 0)]);
        for (int layer = 0; layer < allocator.Geometry.LayerCount; layer++)
        {
            KvLayerView view = step.Enter(layer);
            for (int position = 0; position < tokens.Length; position++)
            {
                Assert.Equal(Of(writer, tokens[position], layer, isValue: false), *Key(view, position));
                Assert.Equal(Of(writer, tokens[position], layer, isValue: true), *Value(view, position));
            }
        }
    }

    private static float* Key(KvLayerView view, int position)
    {
        (int column, int offset) = Math.DivRem(position, view.TokensPerPage);
        return (float*)(view.KeyBase + (nint)((view.PageTableRow(0)[column] * view.KeyPageStride) + (offset * view.KeyTokenStride)));
    }

    private static float* Value(KvLayerView view, int position)
    {
        (int column, int offset) = Math.DivRem(position, view.TokensPerPage);
        return (float*)(view.ValueBase + (nint)((view.PageTableRow(0)[column] * view.ValuePageStride) + (offset * view.ValueTokenStride)));
    }
}
