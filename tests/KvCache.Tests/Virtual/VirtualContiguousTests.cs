using KvCache.Attention;
using KvCache.Specs;
using KvCache.Tests.VirtualMemory;
using KvCache.Virtual;
using Xunit;

namespace KvCache.Tests.Virtual;

/// <summary>A kernel that knows nothing but two addresses and a length computes what ours computes.</summary>
public sealed unsafe class VirtualContiguousTests
{
    private const int KvHeads = 2;
    private const int QueryHeads = 6;
    private const int KeyDim = 24;
    private const int ValueDim = 40;

    [Theory]
    [InlineData(TokenLayout.Separate)]
    [InlineData(TokenLayout.Interleaved)]
    public void A_plain_contiguous_kernel_reads_virtual_tensors(TokenLayout layout)
    {
        HostMemory.SkipUnlessSupported();
        KvGeometry geometry = new(new KvLayerGroup(2, KvHeads, KeyDim, ValueDim, KvElementType.Float32));
        using VirtualKvAllocator allocator = new(new VirtualKvAllocatorOptions { Geometry = geometry, MemoryBytes = 16 << 20, MaxSequences = 8, BlockTokens = 16, Layout = layout });
        using CpuAttention attention = new();
        int[] prompt = VirtualStage.Run(0, 300);
        Assert.True(allocator.TryOpen(prompt, null, 0, out KvSequence? first, out _));
        Step(allocator, attention, [first]);
        Assert.True(allocator.TryOpen([.. prompt, 7], null, 0, out KvSequence? second, out _));
        Assert.True(second.HitLength >= 288);
        Assert.True(first.TryFork(211, out KvSequence? third, out _));
        for (int round = 0; round < 40; round++)
        {
            Assert.True(first.TryAppend([round], out _));
            Assert.True(third.TryAppend([round, round], out _));
            Step(allocator, attention, [first, second, third]);
        }

        allocator.CheckIntegrity();
    }

    private static void Step(VirtualKvAllocator allocator, CpuAttention attention, KvSequence[] sequences)
    {
        KvRow[] rows = [.. sequences.Select(sequence => new KvRow(sequence, sequence.UncomputedLength))];
        using KvStep step = allocator.BeginStep(rows);
        Random random = new(step.TokenCount);
        for (int layer = 0; layer < allocator.Geometry.LayerCount; layer++)
        {
            KvLayerView view = step.Enter(layer);
            float[] keys = Draw(random, step.TokenCount * KvHeads * KeyDim);
            float[] values = Draw(random, step.TokenCount * KvHeads * ValueDim);
            float[] queries = Draw(random, step.TokenCount * QueryHeads * KeyDim);
            float[] output = new float[step.TokenCount * QueryHeads * ValueDim];
            attention.Append(view, keys, values);
            attention.Attend(view, queries, output);
            for (int row = 0; row < view.RowCount; row++)
            {
                Assert.True(view.TryGetContiguous(row, out nint keyAddress, out nint valueAddress));
                int count = view.QueryOffsets[row + 1] - view.QueryOffsets[row];
                for (int i = 0; i < count; i++)
                {
                    int query = view.QueryOffsets[row] + i;
                    int visible = view.Lengths[row] - count + i + 1;
                    for (int head = 0; head < QueryHeads; head++)
                    {
                        double[] expected = Attend(
                            (float*)keyAddress, (float*)valueAddress, view.KeyTokenStride / sizeof(float), view.ValueTokenStride / sizeof(float), visible, head / (QueryHeads / KvHeads), queries.AsSpan(((query * QueryHeads) + head) * KeyDim, KeyDim));
                        for (int d = 0; d < ValueDim; d++)
                        {
                            Assert.Equal(expected[d], output[(((query * QueryHeads) + head) * ValueDim) + d], 1e-4);
                        }
                    }
                }
            }
        }

        step.Complete();
    }

    /// <summary>Softmax of scaled products over tokens that stand one after the other: [token][head][dim], so many numbers from one token to the next.</summary>
    private static double[] Attend(float* keys, float* values, long keyStride, long valueStride, int length, int head, ReadOnlySpan<float> query)
    {
        double[] weights = new double[length];
        for (int t = 0; t < length; t++)
        {
            for (int d = 0; d < KeyDim; d++)
            {
                weights[t] += query[d] * keys[(t * keyStride) + (head * KeyDim) + d] / Math.Sqrt(KeyDim);
            }
        }

        double largest = weights.Max();
        double sum = weights.Sum(weight => Math.Exp(weight - largest));
        double[] result = new double[ValueDim];
        for (int t = 0; t < length; t++)
        {
            for (int d = 0; d < ValueDim; d++)
            {
                result[d] += Math.Exp(weights[t] - largest) / sum * values[(t * valueStride) + (head * ValueDim) + d];
            }
        }

        return result;
    }

    private static float[] Draw(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2) - 1)];
}
