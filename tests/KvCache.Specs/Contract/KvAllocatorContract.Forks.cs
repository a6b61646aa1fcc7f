using KvCache.Specs.Devices;
using Xunit;

namespace KvCache.Specs.Contract;

/// <content>Two sequences, one beginning.</content>
public abstract partial class KvAllocatorContract
{
    public static TheoryData<int, int, int> ForkPoints
    {
        get
        {
            TheoryData<int, int, int> points = [];
            foreach (int blockTokens in (int[])[1, 2, 3, 4])
            {
                foreach (int length in (int[])[1, 4, 8, 9])
                {
                    for (int computed = Math.Max(0, length - blockTokens - 1); computed <= length; computed++)
                    {
                        points.Add(blockTokens, length, computed);
                    }
                }
            }

            return points;
        }
    }

    [Fact]
    public void A_fork_shares_and_the_first_writer_copies_once()
    {
        LateFenceDevice device = new();
        CacheFixture cache = Create(new ContractSetup { Device = device });
        KvSequence parent = cache.OpenComputed(Run(0, 6));
        device.Steps.PassAll();
        int owned = cache.Usage.OwnedBlocks;
        KvSequence child = cache.Fork(parent, 6);
        AssertCursors(child, 6, 6);
        Assert.Equal(0, child.HitLength);
        Assert.Equal(owned, cache.Usage.OwnedBlocks);
        Assert.Equal(0, device.CopyCalls);
        cache.Append(parent, 60);
        int copies = device.CopyCalls;
        Assert.True(copies > 0, "The parent wrote into a shared block without copying it.");
        cache.Append(child, 70);
        Assert.Equal(copies, device.CopyCalls);
        Assert.Equal(owned + 1, cache.Usage.OwnedBlocks);
        cache.Compute(parent, child);
        cache.Verify(parent, child);
        Assert.Equal([.. Run(0, 6), 60], cache.Tokens(parent));
        Assert.Equal([.. Run(0, 6), 70], cache.Tokens(child));
    }

    [Theory]
    [MemberData(nameof(ForkPoints))]
    public void A_fork_at_any_length_leaves_both_sides_right(int blockTokens, int length, int computed)
    {
        for (int at = 0; at <= length; at++)
        {
            foreach (bool parentFirst in (bool[])[true, false])
            {
                CacheFixture cache = Create(new ContractSetup { BlockTokens = blockTokens, BlockCount = 40 });
                KvSequence parent = cache.Open(Run(0, length));
                cache.Compute(parent, computed);
                KvSequence child = cache.Fork(parent, at);
                AssertCursors(child, Math.Min(at, computed), at);
                AssertCursors(parent, computed, length);
                cache.Allocator.CheckIntegrity();
                cache.Verify(parent, child);
                (KvSequence first, KvSequence second) = parentFirst ? (parent, child) : (child, parent);
                cache.Append(first, Run(60, blockTokens + 1));
                cache.Compute(first);
                cache.Append(second, Run(70, blockTokens + 1));
                cache.Compute(second);
                cache.Verify(parent, child);
                cache.Allocator.CheckIntegrity();
                parent.Truncate(parent.Length / 2);
                cache.Append(parent, Run(80, 3));
                cache.Compute(parent);
                cache.Verify(parent, child);
            }
        }
    }

    [Fact]
    public void Whoever_is_left_alone_writes_without_copying()
    {
        LateFenceDevice device = new();
        CacheFixture cache = Create(new ContractSetup { Device = device });
        KvSequence parent = cache.OpenComputed(Run(0, 6));
        KvSequence child = cache.Fork(parent, 6);
        cache.Settle();
        parent.Dispose();
        cache.Settle();
        cache.Append(child, 70);
        cache.Compute(child);
        cache.Verify(child);
        Assert.Equal(0, device.CopyCalls);
    }

    [Fact]
    public void Forks_of_forks_each_keep_their_own_ending()
    {
        CacheFixture cache = Create(new ContractSetup { BlockCount = 64 });
        List<KvSequence> beams = [cache.OpenComputed(Run(0, 7))];
        for (int round = 0; round < 4; round++)
        {
            foreach (KvSequence beam in beams.ToArray())
            {
                beams.Add(cache.Fork(beam, beam.Length));
            }

            for (int i = 0; i < beams.Count; i++)
            {
                cache.Append(beams[i], (100 * round) + i);
            }

            cache.Compute([.. beams]);
            cache.Verify([.. beams]);
            cache.Allocator.CheckIntegrity();
        }

        foreach (KvSequence beam in beams.Where((_, i) => i % 3 != 0))
        {
            beam.Dispose();
        }

        cache.VerifyAll();
    }

    [Fact]
    public void A_fork_stays_in_its_namespace()
    {
        CacheFixture cache = Create();
        KvNamespace tenant = new(Salt: "tenant");
        KvSequence parent = cache.OpenComputed(Run(0, 6), tenant);
        KvSequence child = cache.Fork(parent, 6);
        parent.Dispose();
        cache.Append(child, Run(70, 2));
        cache.Compute(child);
        Assert.Equal(8, cache.Hit([.. Run(0, 6), 70, 71, 72], tenant));
        Assert.Equal(0, cache.Hit([.. Run(0, 6), 70, 71, 72]));
    }

    [Fact]
    public void A_tail_shared_through_a_prefix_hit_is_copied_before_it_is_written()
    {
        CacheFixture cache = Create();
        KvSequence first = cache.OpenComputed(Run(0, 8));
        KvSequence second = cache.OpenComputed(Run(0, 9));
        Assert.Equal(8, second.HitLength);
        first.Truncate(6);
        cache.Append(first, 60, 61, 62);
        second.Truncate(5);
        cache.Append(second, 70);
        cache.Compute(first, second);
        cache.Verify(first, second);
    }
}
