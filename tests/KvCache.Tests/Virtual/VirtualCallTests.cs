using KvCache.Specs;
using Xunit;

namespace KvCache.Tests.Virtual;

/// <summary>When the system is called, and when it is not.</summary>
public sealed class VirtualCallTests
{
    [Fact]
    public void Closing_and_opening_alike_calls_nobody()
    {
        using VirtualStage stage = new(change: static options => options with { PrefixCaching = false });
        stage.Cache.OpenComputed(VirtualStage.Run(0, 50)).Dispose();
        (int creates, int maps, int unmaps, int reserves) = (stage.Memory.Creates, stage.Memory.Maps, stage.Memory.Unmaps, stage.Memory.Reserves);
        for (int round = 1; round < 20; round++)
        {
            KvSequence sequence = stage.Cache.OpenComputed(VirtualStage.Run(1000 * round, 50));
            stage.Cache.Verify(sequence);
            sequence.Dispose();
        }

        Assert.Equal((creates, maps, unmaps, reserves), (stage.Memory.Creates, stage.Memory.Maps, stage.Memory.Unmaps, stage.Memory.Reserves));
    }

    [Fact]
    public void Many_closed_and_many_opened_alike_call_nobody()
    {
        using VirtualStage stage = new(change: static options => options with { PrefixCaching = false });
        for (int round = 0; round < 5; round++)
        {
            int calls = stage.Memory.OwnCalls;
            KvSequence[] open = [.. Enumerable.Range(0, 8).Select(i => stage.Cache.OpenComputed(VirtualStage.Run(100_000 * (round + 1) + (1000 * i), 60)))];
            stage.Cache.Verify(open);
            foreach (KvSequence sequence in open)
            {
                sequence.Dispose();
            }

            Assert.True(round == 0 || stage.Memory.OwnCalls == calls, $"Round {round} made {stage.Memory.OwnCalls - calls} calls.");
        }
    }

    [Fact]
    public void The_next_turn_of_a_conversation_goes_on_where_the_last_one_ended()
    {
        using VirtualStage stage = new();
        stage.Cache.OpenComputed(VirtualStage.Run(0, 45)).Dispose();
        int calls = stage.Memory.OwnCalls;
        KvSequence next = stage.Cache.Open([.. VirtualStage.Run(0, 44), 900, 901]);
        Assert.Equal(44, next.HitLength);
        Assert.Equal(calls, stage.Memory.OwnCalls);
        stage.Cache.Compute(next);
        stage.Cache.Verify(next);
    }

    [Fact]
    public void A_shared_prefix_is_mapped_and_takes_no_memory()
    {
        using VirtualStage stage = new();
        KvSequence first = stage.Cache.OpenComputed(VirtualStage.Run(0, 41));
        int chunks = stage.Memory.CreatedChunks;
        KvSequence second = stage.Cache.OpenComputed([.. VirtualStage.Run(0, 40), 900]);
        Assert.Equal(40, second.HitLength);
        Assert.Equal(chunks + stage.Plan.ChunksPerGroup, stage.Memory.CreatedChunks);
        stage.Cache.Verify(first, second);
    }

    [Fact]
    public void A_hit_is_as_fine_as_a_block_though_memory_is_not()
    {
        using VirtualStage stage = new();
        KvSequence first = stage.Cache.OpenComputed(VirtualStage.Run(0, 45));
        KvSequence second = stage.Cache.OpenComputed([.. VirtualStage.Run(0, 44), 900]);
        Assert.Equal(44, second.HitLength);
        stage.Cache.Verify(first, second);
    }

    [Fact]
    public void Decoding_never_calls_the_system_on_its_own_thread()
    {
        using VirtualStage stage = new(change: static options => options with { LookaheadTokens = 6 });
        KvSequence[] sequences = [.. Enumerable.Range(0, 4).Select(i => stage.Cache.OpenComputed(VirtualStage.Run(1000 * i, 5)))];
        int calls = stage.Memory.OwnCalls;
        for (int token = 0; token < 80; token++)
        {
            foreach (KvSequence sequence in sequences)
            {
                stage.Cache.Append(sequence, 50_000 + token);
            }

            stage.Allocator.Space.Ahead.Finish();
            stage.Cache.Compute(sequences);
        }

        Assert.Equal(calls, stage.Memory.OwnCalls);
        stage.Cache.Verify(sequences);
        stage.Allocator.CheckIntegrity();
    }

    [Fact]
    public void Mapping_ahead_takes_nothing_from_those_who_need_it_now()
    {
        using VirtualStage stage = new(groups: 4, change: static options => options with { LookaheadTokens = 100 });
        KvSequence first = stage.Cache.OpenComputed(VirtualStage.Run(0, 8));
        KvSequence second = stage.Cache.OpenComputed(VirtualStage.Run(100, 24));
        stage.Cache.Verify(first, second);
        Assert.False(first.TryAppend([1], out KvRefusal refusal));
        Assert.Equal(KvRefusal.OutOfDeviceMemory, refusal);
        second.Truncate(9);
        stage.Cache.Append(first, 1);
        stage.Cache.Compute(first);
        stage.Cache.Verify(first, second);
    }

    [Fact]
    public void Trimming_gives_all_but_what_is_owned_back()
    {
        using VirtualStage stage = new();
        KvSequence[] open = [.. Enumerable.Range(0, 10).Select(i => stage.Cache.OpenComputed(VirtualStage.Run(1000 * i, 40)))];
        long all = stage.Allocator.CommittedBytes;
        foreach (KvSequence sequence in open[1..])
        {
            sequence.Dispose();
        }

        Assert.Equal(all, stage.Allocator.CommittedBytes);
        Assert.Equal(all / 10 * 9, stage.Allocator.Trim(long.MaxValue));
        Assert.Equal(all / 10, stage.Allocator.CommittedBytes);
        stage.Cache.Verify(open[0]);
        stage.Cache.Verify(stage.Cache.OpenComputed(VirtualStage.Run(9000, 40)));
    }

    [Fact]
    public void One_more_sequence_than_there_may_be_is_refused_until_one_is_closed()
    {
        using VirtualStage stage = new(change: static options => options with { MaxSequences = 2 });
        KvSequence first = stage.Cache.OpenComputed(VirtualStage.Run(0, 5));
        stage.Cache.Fork(first, 5);
        Assert.Equal(KvRefusal.OutOfDeviceMemory, stage.Allocator.Probe([1], null, 0).Refusal);
        Assert.False(stage.Allocator.TryOpen([1], null, 0, out _, out KvRefusal refusal));
        Assert.Equal(KvRefusal.OutOfDeviceMemory, refusal);
        Assert.False(first.TryFork(3, out _, out refusal));
        Assert.Equal(KvRefusal.OutOfDeviceMemory, refusal);
        stage.Cache.Append(first, 7);
        first.Dispose();
        stage.Cache.Open([1]);
    }
}
