using KvCache.Memory;
using KvCache.Serving.Traces;
using KvCache.Virtual;
using Xunit;

namespace KvCache.Serving.Tests.Replay;

/// <summary>Virtual tensors find in the cache what a paged cache finds, although their memory comes in other pieces.</summary>
public sealed class VirtualGoldenHitsTests
{
    private const int BlockTokens = 512;

    [Theory]
    [InlineData(4 << 10)]
    [InlineData(64 << 10)]
    public void An_unbounded_cache_hits_the_reference_tokens(int chunkBytes)
    {
        string trace = SharedFiles.Find("traces/mooncake/conversation_trace.jsonl");
        KvGeometry geometry = KvGeometry.Create(layers: 1, kvHeads: 1, headDim: 8);
        ChunkPlan plan = new(geometry, chunkBytes, BlockTokens);
        DryVirtualMemory memory = new(chunkBytes, 400_000 / (plan.GroupTokens / BlockTokens) * plan.ChunksPerGroup);
        using VirtualKvAllocator allocator = new(new VirtualKvAllocatorOptions
        {
            Geometry = geometry,
            Memory = memory,
            BlockTokens = BlockTokens,
            MaxSequences = 4,
            MaxSequenceTokens = 1 << 18,
            LookaheadTokens = 0,
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
            step.Complete();
        }

        Assert.Equal(54_063_104, hits);
    }
}
