using KvCache.Diagnostics;
using Xunit;

namespace KvCache.Tests.Diagnostics;

public class IntegrityTests
{
    public static TheoryData<string> Faults => [.. IntegrityFaults.All.Keys];

    [Fact]
    public void The_books_of_a_busy_allocator_are_right()
    {
        IntegrityState state = new();
        state.Allocator.CheckIntegrity();
        KvUsage usage = state.Allocator.Usage;
        Assert.True(usage is { OwnedBlocks: > 0, CachedBlocks: > 0, InTransferBlocks: > 0, OpenSequences: 5 });
        Assert.NotEmpty(state.Pool.Trimmed);
        Assert.NotEqual(state.First.Table[0], state.Second.Table[0]);
        Assert.Equal(state.Index.ContentOf(state.First.Table[0]), state.Index.ContentOf(state.Third.Table[0]));
        Assert.Equal(state.First.Table[0], state.ContentOf(state.Second.Table[0]).OldestCopy);
        Assert.Equal(state.First.Table[4], state.Fork.Table[4]);
        state.Allocator.Dispose();
    }

    /// <summary>The allocator is left to the finalizers: what is wrong with it could show again on disposal.</summary>
    [Theory]
    [MemberData(nameof(Faults))]
    public void A_planted_fault_is_reported(string fault)
    {
        IntegrityState state = new();
        state.Allocator.CheckIntegrity();
        (Action<IntegrityState> plant, string reported) = IntegrityFaults.All[fault];
        plant(state);
        KvIntegrityException error = Assert.Throws<KvIntegrityException>(state.Allocator.CheckIntegrity);
        Assert.Contains(error.Faults, sentence => sentence.Contains(reported, StringComparison.Ordinal));
        Assert.Equal(string.Join(Environment.NewLine, error.Faults), error.Message);
    }
}
