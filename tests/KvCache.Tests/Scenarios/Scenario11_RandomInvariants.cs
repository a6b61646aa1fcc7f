using Xunit;

namespace KvCache.Tests.Scenarios;

/// <summary>Many short prompts over a vocabulary of two, so that almost everything shares something with something.</summary>
public class Scenario11_RandomInvariants
{
    private const int Seed = 20_240_611;
    private const int Blocks = 99;
    private readonly Random _random = new(Seed);
    private readonly int[] _stream = new int[1000];
    private readonly List<KvSequence> _open = [];

    [Theory]
    [InlineData(0.2)]
    [InlineData(1.0)]
    public void Private_blocks_are_private_and_all_come_back(double finished)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {Seed}");
        using Stage stage = new(Blocks, blockTokens: 1);
        for (int i = 0; i < _stream.Length; i++)
        {
            _stream[i] = _random.Next(2);
        }

        int[] stamps = new int[Blocks];
        for (int round = 1; round <= 100_000; round++)
        {
            OpenUntilRefused(stage);
            Check(stage, stamps, round);
            Finish(finished);
            if (round % 10_000 == 0)
            {
                stage.Allocator.CheckIntegrity();
            }
        }

        Finish(1.0);
        _ = stage.FreeOrder();
        KvUsage usage = stage.Allocator.Usage;
        Assert.Equal(Blocks, usage.FreeBlocks + usage.CachedBlocks);
    }

    private void OpenUntilRefused(Stage stage)
    {
        int first = _open.Count;
        while (true)
        {
            int length = _random.Next(8);
            int start = _random.Next(2) == 0 ? 0 : _random.Next(_stream.Length - length);
            int reserve = length + _random.Next(8);
            if (!stage.Allocator.TryOpen(_stream.AsSpan(start, length), null, reserve, out KvSequence? opened, out _))
            {
                break;
            }

            _open.Add(opened);
        }

        stage.Compute(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_open)[first..]);
    }

    /// <summary>Marks the blocks beyond every published prefix with the round: a mark met twice is a block owned twice.</summary>
    private void Check(Stage stage, int[] stamps, int round)
    {
        foreach (KvSequence sequence in _open)
        {
            ReadOnlySpan<int> blocks = ((Paged.PagedSequence)sequence).Table.Blocks;
            for (int i = 0; i < blocks.Length; i++)
            {
                if (i >= sequence.Length && stamps[blocks[i]] == round)
                {
                    Assert.Fail($"Round {round}: block {blocks[i]} is private to two sequences.");
                }

                stamps[blocks[i]] = i >= sequence.Length ? round : stamps[blocks[i]];
                if (stage.Pool.IsUnowned(blocks[i]) || blocks[..i].Contains(blocks[i]))
                {
                    Assert.Fail($"Round {round}: block {blocks[i]} is idle or listed twice.");
                }
            }
        }
    }

    private void Finish(double share)
    {
        for (int i = _open.Count - 1; i >= 0; i--)
        {
            if (_random.NextDouble() < share)
            {
                _open[i].Dispose();
                _open[i] = _open[^1];
                _open.RemoveAt(_open.Count - 1);
            }
        }
    }
}
