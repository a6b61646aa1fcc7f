using KvCache.Blocks;
using KvCache.Diagnostics;
using KvCache.Memory;
using KvCache.Prefixes;
using KvCache.Steps;
using KvCache.Tiers;

namespace KvCache.Virtual;

/// <summary>Proves the books of a virtual allocator from first principles: counts what the sequences and slots say and compares.</summary>
internal sealed class VirtualIntegrity(
    VirtualLedger ledger, VirtualSpace space, VirtualStep step, IVirtualMemory memory, ChunkPlan plan, HostStore? store, IReadOnlyList<VirtualSequence> open)
{
    private readonly List<string> _faults = [];

    /// <exception cref="KvIntegrityException">Something is wrong.</exception>
    public void Check()
    {
        CheckSequences();
        PoolIntegrity groups = new(ledger.Pool, ledger.Retired, _faults.Add);
        PoolIntegrity slots = new(space.Slots, space.RetiredSlots, fault => _faults.Add($"Slots: {fault}"));
        PageTableIntegrity table = new(step.Table, _faults.Add);
        table.Check();
        foreach (VirtualSequence sequence in open)
        {
            groups.AddOwner($"Sequence {sequence.Id}", sequence.Groups);
            slots.AddOwner($"Sequence {sequence.Id}", sequence.IsSuspended ? [] : [sequence.Slot]);
            table.CheckShown(sequence.Id, ref sequence.Page);
        }

        groups.Check();
        slots.Check();
        store?.CheckIntegrity(
            open.Where(static sequence => sequence.Suspended is not null).Select(static sequence => ($"Sequence {sequence.Id}", sequence.Suspended!)),
            _faults.Add);
        CheckMappings();
        CheckCreated();
        if (ledger.Index is { } index)
        {
            new PrefixIntegrity(index, ledger.Tokens, _faults.Add).Check(ledger.IsBlockPublished, ledger.Pool.HighWater * ledger.GroupBlocks, open.Count);
            CheckPublished(index);
        }

        if (_faults.Count > 0)
        {
            throw new KvIntegrityException(_faults);
        }
    }

    private void CheckSequences()
    {
        for (int i = 0; i < open.Count; i++)
        {
            VirtualSequence sequence = open[i];
            string name = $"Sequence {sequence.Id}";
            Expect(!sequence.IsDisposed, $"{name} is disposed but listed as open.");
            Expect(sequence.OpenIndex == i, $"{name} stands at {i} of the open ones but says {sequence.OpenIndex}.");
            Expect(
                0 <= sequence.ComputedLength && sequence.ComputedLength <= sequence.Length && sequence.Length <= sequence.Capacity,
                $"{name} has cursors {sequence.ComputedLength} ≤ {sequence.Length} ≤ {sequence.Capacity} out of order.");
            Expect(sequence.IsSuspended == sequence.Suspended is not null, $"{name} is suspended without content, or has content without being suspended.");
            if (sequence.Suspended is { } content)
            {
                CheckSuspended(sequence, content, name);
                continue;
            }

            Expect(
                sequence.Capacity == ledger.CapacityOf(sequence.Groups.Length),
                $"{name} has {sequence.Groups.Length} groups but a capacity of {sequence.Capacity} tokens.");
            HashSet<int> distinct = [.. sequence.Groups];
            Expect(distinct.Count == sequence.Groups.Length, $"{name} lists a group twice.");
            CheckPlaces(sequence, name);
        }
    }

    private void CheckSuspended(VirtualSequence sequence, SuspendedContent content, string name)
    {
        int blocks = (sequence.ComputedLength + ledger.BlockTokens - 1) / ledger.BlockTokens;
        Expect(sequence.Groups.IsEmpty, $"{name} is suspended and holds {sequence.Groups.Length} groups.");
        Expect(
            content.Tokens.Length == sequence.Length && content.Places.Length == blocks,
            $"{name} has computed {sequence.ComputedLength} of {sequence.Length} tokens; the host has {content.Tokens.Length} tokens and {content.Places.Length} blocks.");
    }

    /// <summary>Every group is mapped at its position; those that will be written to are writable, and nobody else's.</summary>
    private void CheckPlaces(VirtualSequence sequence, string name)
    {
        bool pending = sequence.Length > sequence.ComputedLength;
        int firstWritten = pending ? sequence.ComputedLength / ledger.GroupTokens : ledger.GroupsFor(sequence.Length);
        for (int i = 0; i < sequence.Groups.Length; i++)
        {
            int group = sequence.Groups[i];
            int shown = space.Map.GroupAt(sequence.Slot, i);
            Expect(shown == group, $"{name} has group {group} at {i}; slot {sequence.Slot} shows {shown} there.");
            if (i < firstWritten)
            {
                continue;
            }

            bool first = pending && i == firstWritten;
            int block = first ? sequence.ComputedLength % ledger.GroupTokens / ledger.BlockTokens : 0;
            Expect(
                IsKnown(group) && ledger.Pool.ReferenceCount(group) == 1 && ledger.PublishedBlocks(group) <= block && space.Map.IsWritable(sequence.Slot, i),
                $"{name} will write to group {group}, which is shared, published or mapped read-only.");
        }
    }

    private void CheckPublished(PrefixIndex index)
    {
        foreach (VirtualSequence sequence in open)
        {
            if (sequence.IsSuspended)
            {
                continue;
            }

            Expect(
                sequence.Published == sequence.ComputedLength / ledger.BlockTokens,
                $"Sequence {sequence.Id} has computed {sequence.ComputedLength} tokens and published {sequence.Published} blocks.");
            int parent = sequence.Root!.Content;
            for (int i = 0; i < Math.Min(sequence.Published, sequence.Groups.Length * ledger.GroupBlocks); i++)
            {
                int content = index.ContentOf(sequence.BlockAt(i));
                Expect(
                    index.Contents.ParentOf(content) == parent,
                    $"Block {i} of sequence {sequence.Id} is not published as what follows the block before it.");
                parent = content;
            }
        }
    }

    /// <summary>What the slots show is what the groups say where they are, each place once.</summary>
    private void CheckMappings()
    {
        Dictionary<(int, int), int> places = [];
        for (int slot = 0; slot < space.Map.Slots; slot++)
        {
            for (int position = 0; position < space.Map.PlacesOf(slot).Length; position++)
            {
                int group = space.Map.GroupAt(slot, position);
                if (group >= 0)
                {
                    places.Add((slot, position), group);
                    Expect(IsKnown(group) && space.Backing.IsCreated(group), $"Slot {slot} shows group {group} at {position}, which has no memory.");
                }
            }
        }

        int listed = 0;
        for (int group = 0; group < ledger.Pool.HighWater; group++)
        {
            for ((int Slot, int Position) place = space.Map.FirstPlaceOf(group); place.Slot >= 0 && listed <= places.Count; place = space.Map.NextPlace(place))
            {
                listed++;
                Expect(
                    places.TryGetValue(place, out int shown) && shown == group,
                    $"Group {group} says that it is mapped in slot {place.Slot} at {place.Position}, where it is not.");
            }
        }

        Expect(listed == places.Count, $"{places.Count} places are mapped; the groups list {listed}.");
        Expect(space.Map.MappedPlaces == places.Count, $"{places.Count} places are mapped; the count says {space.Map.MappedPlaces}.");
    }

    private void CheckCreated()
    {
        int created = 0;
        HashSet<int> trimmed = [.. ledger.Pool.Trimmed];
        for (int group = 0; group < ledger.Pool.Capacity; group++)
        {
            created += space.Backing.IsCreated(group) ? 1 : 0;
            Expect(!space.Backing.IsCreated(group) || IsKnown(group), $"Group {group} has memory but was never handed out.");
            Expect(!space.Backing.IsUnderWay(group), $"Group {group} is under way, though the other thread has done everything.");
            Expect(
                !IsKnown(group) || !ledger.Pool.IsUnowned(group) || trimmed.Contains(group) || space.Backing.IsCreated(group),
                $"Group {group} is idle but has no memory.");
            bool published = group < ledger.Pool.HighWater && ledger.Pool.IsPublished(group);
            Expect(published == ledger.PublishedBlocks(group) > 0, $"Group {group} has {ledger.PublishedBlocks(group)} published blocks; the pool says published: {published}.");
        }

        foreach (int group in trimmed)
        {
            Expect(!space.Backing.IsCreated(group), $"Group {group} was trimmed but has memory.");
        }

        Expect(created == space.Backing.Count, $"{created} groups have memory; the count says {space.Backing.Count}.");
        Expect(
            memory.CreatedChunks == created * plan.ChunksPerGroup,
            $"{created} groups of {plan.ChunksPerGroup} chunks have memory; \"{memory.Name}\" has created {memory.CreatedChunks} chunks.");
    }

    private bool IsKnown(int group) => (uint)group < (uint)ledger.Pool.HighWater;

    private void Expect(bool holds, string fault)
    {
        if (!holds)
        {
            _faults.Add(fault);
        }
    }
}
