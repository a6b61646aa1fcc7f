using KvCache.Virtual;
using static KvCache.Tests.Virtual.VirtualIntegrityState;

namespace KvCache.Tests.Virtual;

/// <summary>Ways to spoil the books, one or more for each rule, each with words that the report must contain.</summary>
internal static class VirtualIntegrityFaults
{
    public static Dictionary<string, (Action<VirtualIntegrityState> Plant, string Reported)> All { get; } = new()
    {
        ["a disposed sequence among the open"] = (s => Set(s.Second, "IsDisposed", true), "disposed but listed as open"),
        ["a sequence in another's place"] = (s => s.Second.OpenIndex = 0, "of the open ones but says"),
        ["a computed length beyond the length"] = (s => Set(s.First, "Length", 40), "out of order"),
        ["a length beyond the capacity"] = (s => Set(s.First, "Length", 500), "out of order"),
        ["fewer groups than the capacity says"] = (s => ShrinkGroups(s.Waiting, 2), "groups but a capacity of"),
        ["a group listed twice"] = (s => ReplaceGroup(s.Waiting, 1, s.Waiting.Groups[0]), "lists a group twice"),
        ["a group that was never handed out"] = (s => ReplaceGroup(s.Waiting, 1, s.Unused), "never handed out"),
        ["another group in a slot"] = (s => s.PlacesOf(s.First.Slot)[2].Group = s.First.Groups[3] + 1, " has group "),
        ["nothing mapped where a sequence has a group"] = (s => s.Space.Map.Unlink(s.Waiting.Slot, 1), "shows -1 there"),
        ["a group to be written that is read-only"] = (s => s.PlacesOf(s.Waiting.Slot)[0].Writable = false, "will write to group"),
        ["a group to be written that is shared"] = (s => Set(s.First, "ComputedLength", 44), "will write to group"),
        ["a block to be written that is published"] = (s => Set(s.Second, "ComputedLength", 46), "will write to group"),
        ["a computed length that is not published"] = (s => Set(s.First, "Published", 10), "and published 10 blocks"),
        ["a block that follows another"] = (s => SwapGroups(s.First), "is not published as what follows"),
        ["a mapping of a group without memory"] = (s => s.Space.Backing.End(s.First.Groups[0], created: false), "which has no memory"),
        ["a place that its group does not list"] = (LosePlace, "places are mapped; the groups list"),
        ["a group that lists a place of another's"] = (MisplaceFirst, "where it is not"),
        ["a count of places"] = (s => Set(s.Space.Map, "MappedPlaces", s.Space.Map.MappedPlaces + 1), "the count says"),
        ["memory of a group never handed out"] = (s => s.Space.Backing.End(s.Unused, created: true), "has memory but was never handed out"),
        ["a group that nobody works on, under way"] = (s => s.Space.Backing.Begin(s.Vacant), "is under way"),
        ["an idle group without memory"] = (s => s.Space.Backing.End(s.Cached, created: false), "is idle but has no memory"),
        ["a trimmed group with memory"] = (s => s.Space.Backing.End(s.Trimmed, created: true), "was trimmed but has memory"),
        ["a count of groups with memory"] = (s => Set(s.Space.Backing, "Count", s.Space.Backing.Count + 1), "groups have memory; the count says"),
        ["chunks that no group has"] = (CreateChunks, "has created"),
        ["published blocks too many"] = (s => s.PublishedBlocks[s.First.Groups[5]] = 2, "findable False"),
        ["published blocks of a group that the pool takes for empty"] = (s => s.PublishedBlocks[s.Vacant] = 1, "the pool says published: False"),
        ["a published flag lost by the pool"] = (s => s.Ledger.Pool.SetPublished(s.First.Groups[1], published: false), "the pool says published: False"),
        ["a block lost by the index"] = (s => s.Index.Forget(s.First.BlockAt(0), []), "by the index False"),
        ["a token of a published block"] = (s => s.Ledger.Tokens[s.First.BlockAt(2)][3]++, "does not follow from its tokens"),
        ["a vacant group in which something can be found"] = (s => s.Ledger.Pool.SetPublished(s.Vacant, published: true), "stands with those that hold nothing"),
        ["a vacant group that says it stands elsewhere"] = (MisplaceVacant, "of the vacant ones; it says"),
        ["a reference too many"] = (s => s.Ledger.Pool.Entries[s.First.Groups[0]].References++, "its reference count is"),
        ["an owned slot without owner"] = (s => s.Space.Slots.Entries[s.First.Slot].References--, "Slots: Block"),
        ["two sequences in one slot"] = (s => s.Second.Page.Replace(0, s.First.Slot), "Slots: Block"),
        ["an owned slot that is idle too"] = (s => s.Space.Slots.Idle.Add([s.First.Slot]), "Slots: Block"),
        ["a slot count too high"] = (s => s.Space.Slots.OwnedCounter++, "Slots: 4 blocks are owned; the count says 5"),
        ["a page table row that is stale"] = (s => s.Allocator.Step.Table.WholeRow(1)[0]++, "differs from the blocks of sequence"),
        ["a page table row with a tail"] = (s => s.Allocator.Step.Table.WholeRow(0)[1] = 3, "beyond its"),
    };

    private static void SwapGroups(VirtualSequence sequence)
    {
        int second = sequence.Groups[1];
        ReplaceGroup(sequence, 1, sequence.Groups[2]);
        ReplaceGroup(sequence, 2, second);
    }

    /// <summary>What is mapped last in a group's list falls out of it.</summary>
    private static void LosePlace(VirtualIntegrityState state)
    {
        (int slot, int position) = state.Space.Map.FirstPlaceOf(state.First.Groups[0]);
        state.PlacesOf(slot)[position].Next = 0;
    }

    private static void MisplaceFirst(VirtualIntegrityState state)
    {
        int[] first = (int[])Get(state.Space.Map, "_first");
        first[state.Vacant] = first[state.Cached];
    }

    private static void MisplaceVacant(VirtualIntegrityState state)
    {
        object vacant = Get(Get(state.Ledger, "_idle"), "_vacant");
        ((int[])Get(vacant, "_places"))[state.Vacant]++;
    }

    private static void CreateChunks(VirtualIntegrityState state)
    {
        GroupMemory memory = (GroupMemory)Get(state.Space, "_memory");
        Xunit.Assert.True(memory.TryCreate([state.Unused]));
    }
}
