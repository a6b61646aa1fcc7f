using Xunit;

namespace KvCache.Specs.Contract;

/// <content>What is given up for something else, what is kept once, what is forgotten.</content>
public abstract partial class KvAllocatorContract
{
    [Fact]
    public void Memory_used_again_is_not_found_under_its_old_content()
    {
        CacheFixture cache = Create(new ContractSetup { BlockCount = 1 });
        cache.OpenComputed(Run(0, 4)).Dispose();
        Assert.Equal(KvRefusal.TooLong, cache.Allocator.Probe(Run(0, 5), null, 0).Refusal);
        Assert.Equal(4, cache.Hit(Run(0, 5)));
        KvSequence other = cache.OpenComputed(Run(50, 3));
        Assert.Equal(0, cache.Hit(Run(0, 5)));
        cache.Verify(other);
    }

    [Fact]
    public void A_hit_is_never_evicted_by_the_opening_that_found_it()
    {
        CacheFixture cache = Create(new ContractSetup { BlockCount = 2 });
        KvSequence first = cache.OpenComputed(Run(0, 4));
        KvSequence second = cache.OpenComputed(Run(50, 4));
        first.Dispose();
        second.Dispose();
        KvSequence sequence = cache.Open(Run(0, 8));
        Assert.Equal(4, sequence.HitLength);
        cache.Compute(sequence);
        cache.Verify(sequence);
        Assert.Equal(0, cache.Hit(Run(50, 5)));
    }

    [Fact]
    public void Memory_that_a_hit_revives_does_not_count_as_available_for_the_rest()
    {
        CacheFixture cache = Create(new ContractSetup { BlockCount = 4 });
        cache.OpenComputed(Run(0, 8)).Dispose();
        KvSequence other = cache.OpenComputed(Run(50, 4));
        int[] prompt = Run(0, 16);
        KvAdmission admission = cache.Allocator.Probe(prompt, null, 0);
        Assert.Equal(8, admission.HitTokens);
        AssertOpenRefused(cache, prompt, 0, KvRefusal.OutOfDeviceMemory);
        Assert.Equal(8, cache.Hit(prompt));
        other.Dispose();
        cache.Verify(cache.OpenComputed(prompt));
    }

    [Fact]
    public void Equal_content_computed_twice_is_kept_as_often_as_was_asked_for()
    {
        CacheFixture cache = Create();
        KvSequence first = cache.Open(Run(0, 12));
        KvSequence second = cache.Open(Run(0, 12));
        int before = cache.Usage.OwnedBlocks;
        cache.Compute(first, second);
        cache.Settle();
        Assert.Equal(DeduplicatesByDefault ? before / 2 : before, cache.Usage.OwnedBlocks);
        cache.Verify(first, second);
        cache.Append(first, 90, 91, 92);
        cache.Append(second, 80, 81, 82);
        cache.Compute(first, second);
        cache.Verify(first, second);
        first.Dispose();
        Assert.Equal(12, cache.Hit(Run(0, 13)));
        second.Dispose();
        Assert.Equal(12, cache.Hit(Run(0, 13)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_prefix_is_found_until_its_last_copy_is_gone(bool deduplicate)
    {
        CacheFixture cache = Create(new ContractSetup { BlockCount = 4, Deduplicate = deduplicate });
        KvSequence first = cache.Open(Run(0, 8));
        KvSequence second = cache.Open(Run(0, 8));
        cache.Compute(first, second);
        first.Dispose();
        cache.Settle();
        KvSequence other = cache.OpenComputed(Run(50, 8));
        Assert.Equal(8, cache.Hit(Run(0, 9)));
        cache.Verify(second, other);
        second.Dispose();
        cache.OpenComputed(Run(70, 8));
        Assert.Equal(0, cache.Hit(Run(0, 9)));
    }

    [Fact]
    public void A_probe_answers_what_opening_then_does_and_changes_nothing()
    {
        CacheFixture cache = Create(new ContractSetup { BlockCount = 6 });
        cache.OpenComputed(Run(0, 9)).Dispose();
        cache.OpenComputed([.. Run(0, 4), .. Run(40, 5)]);
        int[][] prompts = [[], [0], Run(0, 4), Run(0, 5), Run(0, 9), Run(0, 25), [.. Run(0, 4), .. Run(40, 12)], Run(60, 12), Run(60, 20)];
        foreach (int[] prompt in prompts)
        {
            foreach (int reserve in (int[])[0, 1, 7, 12, 24, 25])
            {
                CacheSnapshot before = cache.Snapshot(prompts);
                KvUsage usage = cache.Usage;
                KvAdmission admission = cache.Allocator.Probe(prompt, null, reserve);
                Assert.Equal(admission, cache.Allocator.Probe(prompt, null, reserve));
                Assert.Equal(before, cache.Snapshot(prompts));
                bool opened = cache.Allocator.TryOpen(prompt, null, reserve, out KvSequence? sequence, out KvRefusal refusal);
                Assert.Equal(admission.Refusal, refusal);
                Assert.Equal(admission.Refusal == KvRefusal.None, opened);
                if (opened)
                {
                    Assert.Equal(admission.HitTokens, sequence!.HitLength);
                    Assert.Equal(admission.NewBlocks + admission.RevivedBlocks, cache.Usage.OwnedBlocks - usage.OwnedBlocks);
                    sequence.Dispose();
                }
            }
        }
    }

    [Fact]
    public void The_cache_is_cleared_only_while_no_sequence_is_open()
    {
        CacheFixture cache = Create();
        KvSequence sequence = cache.OpenComputed(Run(0, 9));
        CacheSnapshot before = cache.Snapshot(Run(0, 9));
        Assert.False(cache.Allocator.TryClear());
        Assert.Equal(before, cache.Snapshot(Run(0, 9)));
        sequence.Dispose();
        Assert.Equal(8, cache.Hit(Run(0, 9)));
        Assert.True(cache.Allocator.TryClear());
        Assert.Equal(0, cache.Hit(Run(0, 9)));
        Assert.Equal(cache.Usage.TotalBlocks, cache.Usage.FreeBlocks);
        cache.Allocator.CheckIntegrity();
        Assert.True(cache.Allocator.TryClear());
        cache.Verify(cache.OpenComputed(Run(0, 50)));
        Assert.Equal(48, cache.Hit(Run(0, 50)));
    }
}
