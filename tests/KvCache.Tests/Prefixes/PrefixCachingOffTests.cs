using KvCache.Paged;
using KvCache.Tests.Scenarios;
using Xunit;

namespace KvCache.Tests.Prefixes;

public class PrefixCachingOffTests
{
    [Fact]
    public void Without_caching_nothing_is_found_and_everything_else_works()
    {
        using Stage stage = new(new PagedKvAllocatorOptions
        {
            Geometry = Stage.Geometry,
            BlockCount = 10,
            PrefixCaching = false,
        });
        KvSequence sequence = stage.Prefill(Stage.Tokens(0, 40));
        Assert.Equal(0, stage.Hit(Stage.Tokens(0, 40)));
        Assert.True(sequence.TryFork(20, out KvSequence? fork, out _));
        stage.Append(fork, [1, 2, 3]);
        sequence.Truncate(8);
        stage.Append(sequence, Stage.Tokens(100, 40));
        sequence.Dispose();
        fork.Dispose();
        Assert.Equal((10, 0), (stage.Allocator.Usage.FreeBlocks, stage.Allocator.Usage.CachedBlocks));
        Assert.Empty(stage.Allocator.ListStored());
        Assert.True(stage.Allocator.TryClear());
    }
}
