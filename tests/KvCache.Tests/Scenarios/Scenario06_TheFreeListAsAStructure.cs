using KvCache.Blocks;
using Xunit;

namespace KvCache.Tests.Scenarios;

/// <summary>
/// The free list of idle blocks. Prepending has no counterpart: unused blocks are handed out by counting, not from
/// the list, and every block that becomes idle goes to the end, published or not.
/// </summary>
public class Scenario06_TheFreeListAsAStructure
{
    [Fact]
    public void Taking_none_one_and_several_follows_the_order_and_the_empty_list_refuses()
    {
        LeastRecentlyUsed list = ListOf(1, 3, 5, 4, 0, 2);

        Assert.Equal([], Take(list, 0));
        Assert.Equal([1], Take(list, 1));
        Assert.Equal([3, 5], Take(list, 2));
        Assert.Equal([4, 0, 2], Take(list, 3));
        Assert.Equal(0, list.Count);
        Assert.Throws<ArgumentOutOfRangeException>(() => Take(list, 1));
        AssertLinked(list);
    }

    [Fact]
    public void Removing_from_the_middle_and_appending_again_moves_to_the_end()
    {
        LeastRecentlyUsed list = ListOf(0, 1, 2, 3, 4);

        Assert.Equal([0], Take(list, 1));
        list.Remove(2);
        AssertLinked(list);
        list.Add([2]);
        AssertLinked(list);
        Assert.Equal([1, 3, 4, 2], Take(list, 4));
        AssertLinked(list);
    }

    [Fact]
    public void Removing_the_first_the_last_and_the_only_one_keeps_both_ends()
    {
        LeastRecentlyUsed list = ListOf(7, 8, 9);

        list.Remove(9);
        list.Remove(7);
        Assert.Equal([8], list.ToArray());
        list.Remove(8);
        AssertLinked(list);
        list.Add([5]);
        Assert.Equal([5], Take(list, 1));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(0)]
    public void Removing_what_is_not_in_the_list_is_an_error(int block)
    {
        LeastRecentlyUsed list = ListOf(0, 1);
        Take(list, 1);
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => list.Remove(block));
        Assert.Equal($"Block {block} is not idle.", error.Message);
        Assert.Equal([1], list.ToArray());
    }

    private static LeastRecentlyUsed ListOf(params ReadOnlySpan<int> blocks)
    {
        LeastRecentlyUsed list = new();
        list.Add(blocks);
        AssertLinked(list);
        return list;
    }

    private static int[] Take(LeastRecentlyUsed list, int count)
    {
        int[] taken = new int[count];
        list.Take(taken);
        return taken;
    }

    /// <summary>The structure's own check says that the ids in the order, and no others, are marked as being in it.</summary>
    private static void AssertLinked(LeastRecentlyUsed list)
    {
        list.CheckIntegrity(Assert.Fail);
        Assert.Equal(list.Count, list.ToArray().Length);
    }
}
