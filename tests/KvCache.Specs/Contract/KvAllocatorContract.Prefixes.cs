using Xunit;

namespace KvCache.Specs.Contract;

/// <content>Finding what was computed before.</content>
public abstract partial class KvAllocatorContract
{
    [Theory]
    [MemberData(nameof(BlockSizes))]
    public void A_hit_is_whole_blocks_and_leaves_a_token_to_compute(int blockTokens)
    {
        CacheFixture cache = Create(new ContractSetup { BlockTokens = blockTokens, BlockCount = 16 });
        int[] prompt = Run(0, 3 * blockTokens);
        cache.OpenComputed([.. prompt, 777]).Dispose();
        for (int length = 0; length <= prompt.Length; length++)
        {
            int expected = Math.Max(0, length - 1) / blockTokens * blockTokens;
            KvSequence sequence = cache.Open(prompt.AsSpan(0, length));
            Assert.Equal(expected, sequence.HitLength);
            AssertCursors(sequence, expected, length);
            cache.Verify(sequence);
            cache.Compute(sequence);
            cache.Verify(sequence);
            sequence.Dispose();
        }

        KvSequence longer = cache.Open([.. prompt, 888, 889]);
        Assert.Equal(prompt.Length, longer.HitLength);
    }

    [Fact]
    public void A_prefix_is_shared_while_its_first_sequence_is_open()
    {
        CacheFixture cache = Create();
        KvSequence first = cache.OpenComputed(Run(0, 11));
        int owned = cache.Usage.OwnedBlocks;
        KvSequence second = cache.OpenComputed([.. Run(0, 8), 90, 91]);
        Assert.Equal(8, second.HitLength);
        Assert.Equal(owned + 1, cache.Usage.OwnedBlocks);
        cache.Verify(first, second);
        first.Dispose();
        cache.Verify(second);
    }

    [Fact]
    public void Only_what_a_completed_step_computed_is_found()
    {
        CacheFixture cache = Create();
        KvSequence sequence = cache.Open(Run(0, 12));
        Assert.Equal(0, cache.Hit(Run(0, 13)));
        cache.Compute(sequence, 7);
        Assert.Equal(4, cache.Hit(Run(0, 13)));
        cache.Compute(sequence, 1);
        Assert.Equal(8, cache.Hit(Run(0, 13)));
        using (KvStep step = cache.Allocator.BeginStep([new KvRow(sequence, 4)]))
        {
            cache.Write(step, [new KvRow(sequence, 4)]);
            Assert.Equal(8, cache.Hit(Run(0, 13)));
        }

        Assert.Equal(8, cache.Hit(Run(0, 13)));
    }

    [Fact]
    public void Appended_tokens_become_findable_too()
    {
        CacheFixture cache = Create();
        KvSequence sequence = cache.OpenComputed(Run(0, 3));
        for (int token = 3; token < 20; token++)
        {
            cache.Append(sequence, token);
            cache.Compute(sequence);
            Assert.Equal((token + 1) / 4 * 4, cache.Hit(Run(0, 30)));
        }
    }

    [Fact]
    public void Namespaces_never_share()
    {
        CacheFixture cache = Create(new ContractSetup { BlockCount = 40 });
        KvNamespace[] namespaces =
        [
            KvNamespace.Default, new(Salt: string.Empty), new(Salt: "x"), new(Adapter: "x"), new(ModelFingerprint: "x"),
            new(Salt: "x", Adapter: "y"), new(Salt: "x", Adapter: "z"), new(Salt: "xy"), new(Adapter: string.Empty),
        ];
        foreach (KvNamespace identity in namespaces)
        {
            Assert.Equal(0, cache.Hit(Run(0, 13), identity));
            cache.OpenComputed(Run(0, 12), identity).Dispose();
            Assert.Equal(12, cache.Hit(Run(0, 13), identity));
        }

        foreach (KvNamespace identity in namespaces)
        {
            cache.Verify(cache.Open(Run(0, 13), identity));
        }
    }

    [Fact]
    public void Without_prefix_caching_nothing_is_ever_found()
    {
        CacheFixture cache = Create(new ContractSetup { PrefixCaching = false });
        KvSequence first = cache.OpenComputed(Run(0, 12));
        Assert.Equal(0, cache.Hit(Run(0, 13)));
        Assert.Equal(0, cache.OpenComputed(Run(0, 13)).HitLength);
        first.Dispose();
        cache.Settle();
        Assert.Equal(0, cache.Hit(Run(0, 13)));
        Assert.Equal(0, cache.Usage.CachedBlocks);
        cache.VerifyAll();
    }

    [Fact]
    public void Colliding_hashes_cost_time_but_never_show_foreign_content()
    {
        CacheFixture cache = Create(new ContractSetup { PrefixHash = new CollidingHash(), BlockCount = 32 });
        int[][] prompts = [[0, 1, 2, 3, 4], [3, 2, 1, 0, 4], [0, 1, 2, 3, 0, 1, 2, 3, 4], [3, 2, 1, 0, 0, 1, 2, 3, 4], [0, 0, 0, 0, 4]];
        foreach (int[] prompt in prompts)
        {
            cache.OpenComputed(prompt).Dispose();
        }

        foreach (int[] prompt in prompts)
        {
            KvSequence sequence = cache.Open(prompt);
            Assert.Equal(prompt.Length - 1, sequence.HitLength);
            cache.Verify(sequence);
        }

        Assert.Equal(0, cache.Hit([1, 1, 1, 1, 1]));
    }

    [Fact]
    public void What_follows_a_rewritten_tail_is_not_taken_for_the_old_one()
    {
        CacheFixture cache = Create();
        KvSequence sequence = cache.OpenComputed(Run(0, 12));
        sequence.Truncate(6);
        cache.Append(sequence, Run(60, 6));
        cache.Compute(sequence);
        cache.Verify(sequence);
        Assert.Equal(12, cache.Hit([.. Run(0, 6), .. Run(60, 7)]));
        KvSequence old = cache.OpenComputed(Run(0, 13));
        Assert.True(old.HitLength is 4 or 8 or 12);
        cache.Verify(sequence, old);
    }
}
