using Xunit;

namespace KvCache.Tests.Scenarios;

/// <summary>Suspending and lower tiers have no counterpart yet; everything else is mixed at random.</summary>
public class Scenario23_TaggedContent
{
    private const int Seed = 23;
    private readonly Random _random = new(Seed);
    private readonly List<KvSequence> _open = [];

    [Theory]
    [InlineData(1, true)]
    [InlineData(3, true)]
    [InlineData(4, false)]
    public void Every_computed_position_reads_what_was_written_for_its_tokens(int blockTokens, bool deduplicate)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {Seed}");
        using Stage stage = new(blocks: 60 / blockTokens, blockTokens, deduplicate);
        for (int round = 0; round < 4000; round++)
        {
            Act(stage);
            if (_open.Count > 0)
            {
                KvSequence chosen = _open[_random.Next(_open.Count)];
                Tagged.Verify(stage.Allocator, chosen, writer: 1);
                Tagged.Compute(stage.Allocator, chosen, writer: 1, most: _random.Next(8));
            }

            if (round % 100 == 0)
            {
                stage.Allocator.CheckIntegrity();
                _open.ForEach(sequence => Tagged.Verify(stage.Allocator, sequence, writer: 1));
            }
        }
    }

    private void Act(Stage stage)
    {
        int[] tokens = [.. Enumerable.Range(0, _random.Next(12)).Select(_ => _random.Next(2))];
        KvSequence? chosen = _open.Count == 0 ? null : _open[_random.Next(_open.Count)];
        switch (_random.Next(6))
        {
            case 0 when chosen is not null:
                chosen.TryAppend(tokens, out _);
                break;
            case 1 when chosen is not null:
                chosen.Truncate(_random.Next(chosen.Length + 1));
                break;
            case 2 when chosen is not null:
                if (chosen.TryFork(_random.Next(chosen.Length + 1), out KvSequence? fork, out _))
                {
                    _open.Add(fork);
                }

                break;
            case 3 when chosen is not null:
                chosen.TryReserve(chosen.Length + _random.Next(10), out _);
                break;
            case 4 when _open.Count > 3:
                chosen!.Dispose();
                _open.Remove(chosen);
                break;
            default:
                if (stage.Allocator.TryOpen(tokens, null, _random.Next(16), out KvSequence? opened, out _))
                {
                    _open.Add(opened);
                }

                break;
        }
    }
}
