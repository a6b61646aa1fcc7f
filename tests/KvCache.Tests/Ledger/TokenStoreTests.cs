using KvCache.Blocks;
using Xunit;

namespace KvCache.Tests.Ledger;

public class TokenStoreTests
{
    [Theory]
    [InlineData(1, 3_000_000)]
    [InlineData(16, 200_000)]
    [InlineData(17, 130_000)]
    [InlineData(1 << 20, 3)]
    [InlineData((1 << 20) + 5, 3)]
    public void Every_block_keeps_its_own_tokens_across_segments(int blockTokens, int blocks)
    {
        using TokenStore store = new(blockTokens, blocks);
        int step = Math.Max(1, blocks / 1000);
        Assert.True(store.TryReach(blocks / 2));
        Assert.True(store.TryReach(blocks));
        for (int block = 0; block < blocks; block += step)
        {
            Assert.Equal(blockTokens, store[block].Length);
            store[block][0] = block;
            store[block][^1] = block;
        }

        for (int block = 0; block < blocks; block += step)
        {
            Assert.Equal((block, block), (store[block][0], store[block][^1]));
        }

        Assert.Equal(blocks - 1, store[blocks - 1][0] = blocks - 1);
        Assert.Equal(blockTokens, store.BlockTokens);
    }

    [Fact]
    public void Tokens_never_move()
    {
        using TokenStore store = new(blockTokens: 1 << 19, capacity: 40);
        Assert.True(store.TryReach(1));
        store[0][5] = 42;
        ref int first = ref store[0][5];
        Assert.True(store.TryReach(40));
        Assert.True(System.Runtime.CompilerServices.Unsafe.AreSame(ref first, ref store[0][5]));
        Assert.Equal(42, first);
    }

    [Fact]
    public void Neighbours_do_not_overlap()
    {
        using TokenStore store = new(blockTokens: 3, capacity: 100);
        Assert.True(store.TryReach(100));
        for (int block = 0; block < 100; block++)
        {
            store[block].Fill(block);
        }

        for (int block = 0; block < 100; block++)
        {
            Assert.Equal([block, block, block], store[block].ToArray());
        }
    }
}
