using Xunit;

namespace KvCache.Tests.Scenarios;

/// <summary>
/// A radix index answers on insertion how many leading tokens were present. Ours is a hash index over whole blocks:
/// the same numbers come from looking before computing. Node splits have no counterpart.
/// </summary>
public class Scenario09_RadixInsertion
{
    [Fact]
    public void With_blocks_of_one_token()
    {
        using Stage stage = new(blocks: 64, blockTokens: 1);
        Assert.Equal(0, Insert(stage, [0, 1, 2]));
        Assert.Equal(3, Insert(stage, [0, 1, 2]));
        Assert.Equal(0, Insert(stage, [1, 2, 3]));
        Assert.Equal(3, Insert(stage, [0, 1, 2, 3, 4]));
        Assert.Equal(4, Insert(stage, [0, 1, 2, 3, 5, 6, 7]));
    }

    [Fact]
    public void With_blocks_of_two_tokens()
    {
        using Stage stage = new(blocks: 64, blockTokens: 2);
        Assert.Equal(0, Insert(stage, [0, 1, 2, 3]));
        Assert.Equal(4, Insert(stage, [0, 1, 2, 3]));
        Assert.Equal(4, Insert(stage, [0, 1, 2, 3, 4, 5]));
        Assert.Equal(2, Insert(stage, [0, 1, 3, 4, 5, 6, 7, 8]));
    }

    private static int Insert(Stage stage, int[] tokens)
    {
        int present = stage.Known(tokens);
        stage.RunAndFinish(tokens);
        Assert.Equal(tokens.Length, stage.Known(tokens));
        return present;
    }
}
