using Xunit;

namespace KvCache.Specs.Contract;

/// <content>The page table is kept up from step to step, whatever happens to the rows.</content>
public abstract partial class KvAllocatorContract
{
    [Fact]
    public void Rows_may_be_permuted_dropped_and_added_again()
    {
        CacheFixture cache = Create(new ContractSetup { BlockTokens = 2, BlockCount = 400 });
        Random random = new(20);
        List<KvSequence> open = [];
        for (int round = 0; round < 200; round++)
        {
            if (open.Count < 9)
            {
                open.Add(cache.Open(Run(1000 * round, random.Next(12))));
            }

            foreach (KvSequence sequence in open.ToArray())
            {
                switch (random.Next(6))
                {
                    case 0:
                        sequence.Truncate(random.Next(sequence.Length + 1));
                        break;
                    case 1 when open.Count > 3:
                        open.Remove(sequence);
                        sequence.Dispose();
                        break;
                    case 2 when open.Count < 9:
                        open.Add(cache.Fork(sequence, random.Next(sequence.Length + 1)));
                        break;
                    default:
                        cache.Append(sequence, Run(random.Next(1 << 20), random.Next(7)));
                        break;
                }
            }

            KvSequence[] rows = [.. open.Where(_ => random.Next(4) > 0)];
            random.Shuffle(rows);
            cache.Compute(rows);
            random.Shuffle(rows);
            cache.Verify(rows);
            cache.Allocator.CheckIntegrity();
        }
    }

    [Fact]
    public void A_table_grows_in_both_directions_without_losing_a_row()
    {
        CacheFixture cache = Create(new ContractSetup { BlockTokens = 1, BlockCount = 4000 });
        List<KvSequence> open = [];
        foreach (int rows in (int[])[1, 2, 5, 17, 40])
        {
            while (open.Count < rows)
            {
                open.Add(cache.Open(Run(10_000 * open.Count, 1 + open.Count)));
            }

            cache.Compute([.. open]);
            cache.Append(open[rows / 2], Run(5_000_000 + (1000 * rows), 3 * rows));
            cache.Compute([.. open]);
            cache.Verify([.. open]);
        }

        cache.Append(open[39], Run(9_000_000, 900));
        cache.Compute([.. open]);
        cache.Verify([.. open]);
        open[39].Truncate(3);
        cache.Verify([.. open]);
        cache.Verify(open[39], open[0]);
    }

    [Fact]
    public void A_sequence_truncated_and_grown_between_steps_shows_its_new_pages()
    {
        CacheFixture cache = Create(new ContractSetup { BlockTokens = 2, BlockCount = 64 });
        KvSequence first = cache.OpenComputed(Run(0, 12));
        KvSequence second = cache.OpenComputed(Run(50, 12));
        for (int length = 12; length >= 0; length--)
        {
            first.Truncate(Math.Min(length, first.Length));
            second.Truncate(Math.Min(12 - length, second.Length));
            KvSequence thief = cache.Open(Run(1000 * length, 8));
            cache.Append(first, Run(2000 * (length + 1), 7));
            cache.Append(second, Run(3000 * (length + 1), 5));
            cache.Compute(first, second, thief);
            cache.Verify(first, second, thief);
            thief.Dispose();
        }
    }

    [Fact]
    public void Unused_entries_of_a_row_are_minus_one()
    {
        CacheFixture cache = Create(new ContractSetup { BlockCount = 64 });
        KvSequence longer = cache.OpenComputed(Run(0, 60));
        KvSequence shorter = cache.OpenComputed(Run(100, 40));
        cache.Verify(longer, shorter);
        shorter.Truncate(6);
        using KvStep step = cache.Allocator.BeginStep([new KvRow(longer, 0), new KvRow(shorter, 0)]);
        KvLayerView view = step.Enter(0);
        Assert.Equal(view.PageTableColumns, view.PageTableRow(1).Length);
        Assert.False(view.UsedPages(0).Contains(-1));
        Assert.False(view.UsedPages(1).Contains(-1));
        Assert.False(view.PageTableRow(1)[view.UsedPages(1).Length..].ContainsAnyExcept(-1));
    }
}
