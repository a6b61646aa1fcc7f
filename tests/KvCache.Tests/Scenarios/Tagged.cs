using KvCache.Paged;
using Xunit;

namespace KvCache.Tests.Scenarios;

/// <summary>Keys and values that say who wrote them, after which tokens, in which layer.</summary>
internal static unsafe class Tagged
{
    /// <summary>Computes all that is left of a sequence, or less, and writes its tags.</summary>
    public static void Compute(PagedKvAllocator allocator, KvSequence sequence, int writer, int most = int.MaxValue)
    {
        int first = sequence.ComputedLength;
        int count = Math.Min(most, sequence.Length - first);
        int[] tags = TagsOf(sequence, first + count, writer);
        using KvStep step = allocator.BeginStep([new KvRow(sequence, count)]);
        for (int layer = 0; layer < allocator.Geometry.LayerCount; layer++)
        {
            KvLayerView view = step.Enter(layer);
            for (int position = first; position < tags.Length; position++)
            {
                *Key(view, position) = Of(tags[position], layer, isValue: false);
                *Value(view, position) = Of(tags[position], layer, isValue: true);
            }

            step.Leave(layer);
        }

        step.Complete();
    }

    /// <summary>Reads every computed position back.</summary>
    public static void Verify(PagedKvAllocator allocator, KvSequence sequence, int writer)
    {
        int[] tags = TagsOf(sequence, sequence.ComputedLength, writer);
        using KvStep step = allocator.BeginStep([new KvRow(sequence, 0)]);
        for (int layer = 0; layer < allocator.Geometry.LayerCount; layer++)
        {
            KvLayerView view = step.Enter(layer);
            for (int position = 0; position < tags.Length; position++)
            {
                Assert.Equal(Of(tags[position], layer, isValue: false), *Key(view, position));
                Assert.Equal(Of(tags[position], layer, isValue: true), *Value(view, position));
            }
        }
    }

    public static int[] Tokens(KvSequence sequence)
    {
        int[] tokens = new int[sequence.Length];
        sequence.CopyTokens(0, tokens);
        return tokens;
    }

    private static int[] TagsOf(KvSequence sequence, int length, int writer)
    {
        int[] tags = Tokens(sequence)[..length];
        int running = writer;
        foreach (ref int tag in tags.AsSpan())
        {
            running = ((running * 31) + tag + 1) & 0xFFFFF;
            tag = running;
        }

        return tags;
    }

    /// <summary>Small enough for a float to hold exactly.</summary>
    private static float Of(int tag, int layer, bool isValue) => (tag << 2) + (layer << 1) + (isValue ? 1 : 0);

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
