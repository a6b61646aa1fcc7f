using KvCache.Diagnostics;
using Xunit;

namespace KvCache.Tests.Virtual;

/// <summary>The integrity check of a virtual allocator finds nothing where nothing is wrong, and every planted fault.</summary>
public sealed class VirtualIntegrityTests
{
    public static TheoryData<string> Faults => [.. VirtualIntegrityFaults.All.Keys];

    [Fact]
    public void The_books_of_a_busy_allocator_are_right()
    {
        VirtualIntegrityState state = new();
        state.Allocator.CheckIntegrity();
        Assert.True(state.Allocator.Usage is { OwnedBlocks: > 0, CachedBlocks: > 0 });
        Assert.Equal([state.Trimmed], state.Ledger.Pool.Trimmed);
        Assert.Equal(state.First.Groups[..5], state.Second.Groups[..5]);
        Assert.NotEqual(state.First.Groups[5], state.Second.Groups[5]);
        Assert.Equal(state.First.Groups[5], state.Fork.Groups[5]);
        Assert.NotEqual(state.First.Slot, state.Fork.Slot);
        state.Close();
    }

    /// <summary>The allocator is left to the finalizers and its memory given back: what is wrong with it could show again on disposal.</summary>
    [Theory]
    [MemberData(nameof(Faults))]
    public void A_planted_fault_is_reported(string fault)
    {
        VirtualIntegrityState state = new();
        state.Allocator.CheckIntegrity();
        (Action<VirtualIntegrityState> plant, string reported) = VirtualIntegrityFaults.All[fault];
        plant(state);
        KvIntegrityException error = Assert.Throws<KvIntegrityException>(state.Allocator.CheckIntegrity);
        state.GiveMemoryBack();
        Assert.Contains(error.Faults, sentence => sentence.Contains(reported, StringComparison.Ordinal));
    }
}
