using KvCache.Specs.Devices;
using Xunit;

namespace KvCache.Specs.Contract;

/// <content>The hot path leaves the managed heap alone.</content>
public abstract partial class KvAllocatorContract
{
    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public void Steady_decoding_allocates_nothing(bool prefixCaching, bool lateFences)
    {
        LateFenceDevice device = new();
        CacheFixture cache = Create(new ContractSetup
        {
            BlockCount = 64 * 16,
            PrefixCaching = prefixCaching,
            MapsAhead = true,
            Device = lateFences ? device : null,
        });
        KvSequence[] sequences = new KvSequence[64];

        // The first generation grows every table to its full size; what the second one needs is there.
        for (int generation = 0; generation < 2; generation++)
        {
            for (int i = 0; i < sequences.Length; i++)
            {
                sequences[i]?.Dispose();
                sequences[i] = cache.Open([generation, i, 2, 3]);
            }

            device.Steps.PassAll();
            cache.Compute(sequences);
            Decode(cache.Allocator, sequences, generation == 0 ? 52 : 10);
            device.Steps.PassAll();
        }

        Assert.Equal(0, Decode(cache.Allocator, sequences, 40));
        Assert.All(sequences, sequence => AssertCursors(sequence, 54, 54));
    }

    private static long Decode(IKvAllocator allocator, KvSequence[] sequences, int steps)
    {
        KvRow[] rows = [.. sequences.Select(sequence => new KvRow(sequence, 1))];
        int layers = allocator.Geometry.LayerCount;
        int refused = 0;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < steps; i++)
        {
            foreach (KvSequence sequence in sequences)
            {
                refused += sequence.TryAppend([i], out _) ? 0 : 1;
            }

            using KvStep step = allocator.BeginStep(rows);
            for (int layer = 0; layer < layers; layer++)
            {
                KvLayerView view = step.Enter(layer);
                refused += view.RowCount - rows.Length;
                step.Leave(layer);
            }

            step.Complete();
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(0, refused);
        return allocated;
    }
}
