using Xunit;

namespace KvCache.Tests.Scenarios;

/// <summary>Whoever writes first after a fork, both sides read what they wrote and what they shared.</summary>
public class CopyOnWriteTests
{
    public static TheoryData<int, int> Forks
    {
        get
        {
            TheoryData<int, int> data = [];
            foreach (int computed in new[] { 19, 16, 14, 3, 0 })
            {
                for (int length = 0; length <= 19; length++)
                {
                    data.Add(computed, length);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Forks))]
    public void Parent_and_child_go_their_own_ways(int computed, int length)
    {
        foreach (bool parentFirst in new[] { true, false })
        {
            using Stage stage = new(blocks: 40, blockTokens: 4);
            KvSequence parent = stage.Open(Stage.Tokens(0, 19));
            Tagged.Compute(stage.Allocator, parent, writer: 1, most: computed);
            Assert.True(parent.TryFork(length, out KvSequence? child, out _));
            Assert.Equal((length, Math.Min(length, computed), 0), (child.Length, child.ComputedLength, child.HitLength));
            stage.Allocator.CheckIntegrity();

            foreach (KvSequence sequence in parentFirst ? new[] { parent, child } : [child, parent])
            {
                Assert.True(sequence.TryAppend([sequence == parent ? 70 : 80, 71, 72, 73, 74], out _));
                Tagged.Compute(stage.Allocator, sequence, writer: 1);
                Tagged.Verify(stage.Allocator, sequence, writer: 1);
            }

            Assert.Equal([.. Stage.Tokens(0, 19), 70, 71, 72, 73, 74], Tagged.Tokens(parent));
            Assert.Equal([.. Stage.Tokens(0, length), 80, 71, 72, 73, 74], Tagged.Tokens(child));
            Tagged.Verify(stage.Allocator, parent, writer: 1);
            Tagged.Verify(stage.Allocator, child, writer: 1);
        }
    }

    [Fact]
    public void The_only_owner_of_a_published_block_rewrites_it_in_place_and_nobody_finds_the_old_content()
    {
        using Stage stage = new(blocks: 40, blockTokens: 4);
        int[] prompt = Stage.Tokens(0, 12);
        KvSequence sequence = stage.Open(prompt);
        Tagged.Compute(stage.Allocator, sequence, writer: 1);
        sequence.Truncate(6);
        Assert.Equal(12, stage.Known(prompt));
        Assert.True(sequence.TryAppend([90], out _));
        Assert.Equal(4, stage.Known(prompt));
        Assert.Equal([0, 1], Stage.Blocks(sequence));
        Assert.Equal(0, stage.Allocator.Usage.CachedBlocks);
        Tagged.Compute(stage.Allocator, sequence, writer: 1);
        Tagged.Verify(stage.Allocator, sequence, writer: 1);
    }
}
