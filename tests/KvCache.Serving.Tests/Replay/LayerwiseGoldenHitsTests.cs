using KvCache.Layerwise;
using KvCache.Memory;
using KvCache.Serving.Traces;
using Xunit;

namespace KvCache.Serving.Tests.Replay;

/// <summary>A cache whose layers move finds what a paged one of as many blocks finds, though the device has room for two of five layers.</summary>
public sealed class LayerwiseGoldenHitsTests
{
    private const int BlockTokens = 512;
    private const int Layers = 5;

    [Theory]
    [InlineData(1_000, 6_572_544)]
    [InlineData(64_000, 53_007_360)]
    [InlineData(200_000, 54_063_104)]
    public void Two_layers_of_five_on_the_device_hit_the_reference_tokens(int capacity, long hitTokens)
    {
        string trace = SharedFiles.Find("traces/mooncake/conversation_trace.jsonl");
        KvGeometry geometry = KvGeometry.Create(Layers, kvHeads: 1, headDim: 8);
        long page = geometry.BytesPerToken / Layers * BlockTokens;
        using LayerwiseKvAllocator allocator = new(new LayerwiseKvAllocatorOptions
        {
            Geometry = geometry,
            Device = new DryDevice(),
            HostMemory = new DryDevice(),
            DeviceBytes = 2 * capacity * page,
            HostBytes = Layers * capacity * page,
            BlockTokens = BlockTokens,
            BlockCount = capacity,
            Deduplicate = false,
        });
        using TraceReader reader = TraceReader.Open(trace, BlockTokens);
        long hits = 0;
        KvSequence? open = null;
        while (reader.TryRead(out TraceRequest? request))
        {
            int[] prompt = new int[request.PromptTokens];
            request.Text.Read(0, prompt);
            open?.Dispose();
            Assert.True(allocator.TryOpen(prompt, null, 0, out open, out KvRefusal refusal), $"{refusal}; {allocator.Usage}");
            hits += open.HitLength;
            using KvStep step = allocator.BeginStep([new KvRow(open, open.UncomputedLength)]);
            for (int layer = 0; layer < Layers; layer++)
            {
                step.Enter(layer);
                step.Leave(layer);
            }

            step.Complete();
        }

        allocator.CheckIntegrity();
        Assert.Equal(hitTokens, hits);
    }
}
