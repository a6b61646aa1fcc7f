using System.Reflection;
using KvCache.Blocks;
using KvCache.Prefixes;
using KvCache.Virtual;
using Xunit;

namespace KvCache.Tests.Virtual;

/// <summary>A virtual allocator in the middle of its work: owners, forks, shared and copied groups, cached, vacant and trimmed ones.</summary>
internal sealed class VirtualIntegrityState
{
    private readonly VirtualStage _stage = new();

    public VirtualIntegrityState()
    {
        KvSequence first = _stage.Cache.OpenComputed(VirtualStage.Run(0, 45));
        KvSequence second = _stage.Cache.OpenComputed([.. VirtualStage.Run(0, 44), 900, 901, 902, 903]);
        KvSequence fork = _stage.Cache.Fork(first, 45);
        _stage.Cache.Open(VirtualStage.Run(2000, 3)).Dispose();
        Trimmed = Ledger.Pool.Idle.ToArray()[0];
        _stage.Allocator.Trim(1);
        _stage.Cache.OpenComputed(VirtualStage.Run(1000, 16)).Dispose();
        KvSequence vacant = _stage.Cache.Open(VirtualStage.Run(3000, 3));
        KvSequence waiting = _stage.Cache.Open(VirtualStage.Run(300, 20));
        _stage.Cache.Append(second, 904);
        _stage.Cache.Compute(first, second, fork);
        vacant.Dispose();
        (First, Second, Fork, Waiting) = ((VirtualSequence)first, (VirtualSequence)second, (VirtualSequence)fork, (VirtualSequence)waiting);
        Cached = Ledger.Pool.Idle.ToArray().First(Ledger.Pool.IsPublished);
        Vacant = Ledger.Pool.Idle.ToArray().First(group => !Ledger.Pool.IsPublished(group));
    }

    public VirtualKvAllocator Allocator => _stage.Allocator;

    public VirtualLedger Ledger => _stage.Allocator.Ledger;

    public VirtualSpace Space => _stage.Allocator.Space;

    public PrefixIndex Index => Ledger.Index!;

    /// <summary>Gets a sequence with 45 of 45 tokens computed: five whole groups and a part of one, which the fork shares.</summary>
    public VirtualSequence First { get; }

    /// <summary>Gets one that shares the first one's whole groups and has a copy of what it began the last one with.</summary>
    public VirtualSequence Second { get; }

    public VirtualSequence Fork { get; }

    /// <summary>Gets one with twenty tokens, none of them computed.</summary>
    public VirtualSequence Waiting { get; }

    /// <summary>Gets an idle group in which something can be found.</summary>
    public int Cached { get; }

    /// <summary>Gets an idle group that holds nothing.</summary>
    public int Vacant { get; }

    public int Trimmed { get; }

    /// <summary>Gets a group that was never handed out.</summary>
    public int Unused => Ledger.Pool.HighWater;

    /// <summary>Gets what a slot shows, to be changed.</summary>
    public Span<SlotMap.Place> PlacesOf(int slot) => ((SlotMap.Place[]?[])Get(Space.Map, "_slots"))[slot];

    /// <summary>Gets how many blocks of each group can be found, to be changed.</summary>
    public Span<int> PublishedBlocks => (int[])Get(Ledger, "_published");

    /// <summary>Lists another group where a sequence has one.</summary>
    public static void ReplaceGroup(VirtualSequence sequence, int index, int group)
    {
        BlockTable groups = (BlockTable)Get(sequence, "_groups");
        groups.Replace(index, group);
        Set(sequence, "_groups", groups);
    }

    public static void ShrinkGroups(VirtualSequence sequence, int count)
    {
        BlockTable groups = (BlockTable)Get(sequence, "_groups");
        groups.Shrink(count);
        Set(sequence, "_groups", groups);
    }

    /// <summary>Gets what no hook reaches.</summary>
    public static object Get(object target, string field) =>
        target.GetType().GetField(field, BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(target)!;

    /// <summary>Sets what no hook reaches.</summary>
    public static void Set(object target, string member, object value) => Diagnostics.IntegrityState.Set(target, member, value);

    /// <summary>Ends it where its books were spoiled: the allocator is left to the finalizers, its memory is not.</summary>
    public void GiveMemoryBack() => _stage.GiveMemoryBack();

    /// <summary>Closes the allocator where its books were not spoiled.</summary>
    public void Close()
    {
        Assert.Equal(4, Allocator.Usage.OpenSequences);
        _stage.Dispose();
    }
}
