using KvCache.Blocks;
using KvCache.Prefixes;
using KvCache.Steps;

namespace KvCache.Virtual;

/// <summary>A sequence of a virtual allocator: its groups, the slot in which they are mapped one after the other, and three cursors.</summary>
/// <remarks>
/// Invariants: there are ⌈Capacity / group⌉ groups, each mapped in the slot at its position; a group that holds positions yet to be
/// computed has this sequence as its only owner, is mapped writable, and no block in which they lie is published; the first
/// <see cref="Published"/> blocks are. A group that more than one owns is never written to.
/// </remarks>
internal sealed partial class VirtualSequence : KvSequence
{
    private readonly VirtualKvAllocator _allocator;
    private readonly VirtualLedger _ledger;
    private readonly VirtualSpace _space;
    private readonly PrefixRoot? _root;
    private readonly long _id;
    private BlockTable _groups;
    private BlockTable _page = new();
    private int _expecting = -1;

    private VirtualSequence(VirtualKvAllocator allocator, PrefixRoot? root, BlockTable groups, int slot)
    {
        _allocator = allocator;
        _ledger = allocator.Ledger;
        _space = allocator.Space;
        _root = root;
        _groups = groups;
        _page.Extend(1)[0] = slot;
        _id = allocator.NextSequenceId();
        Capacity = _ledger.CapacityOf(groups.Count);
        OpenIndex = allocator.Register(this);
    }

    public override IKvAllocator Allocator => _allocator;

    /// <summary>Gets or sets the sequence's place in the allocator's list of open ones.</summary>
    public int OpenIndex { get; set; }

    /// <summary>Gets how many leading blocks are published.</summary>
    public int Published { get; private set; }

    public long Id => _id;

    public int Slot => _page[0];

    public ReadOnlySpan<int> Groups => _groups.Blocks;

    /// <summary>The table that kernels see: one page, the slot.</summary>
    public ref BlockTable Page => ref _page;

    /// <summary>Gets the namespace's root, or null where prefixes are not cached.</summary>
    public PrefixRoot? Root => _root;

    private protected override OwnerGuard Guard => _allocator.Guard;

    /// <summary>Carries out a plan.</summary>
    /// <returns>The sequence; null where the system or the device refused, and then nothing has changed.</returns>
    public static VirtualSequence? TryOpen(
        VirtualKvAllocator allocator, KvSequenceOptions options, ReadOnlySpan<int> prompt, in VirtualAdmissionPlan plan, ReadOnlySpan<int> matched, out KvRefusal refusal)
    {
        VirtualLedger ledger = allocator.Ledger;
        ReadOnlySpan<int> source = plan.PartialTokens > 0 ? [matched[plan.HitBlocks - 1] / ledger.GroupBlocks] : [];
        BlockTable table = new();
        Span<int> groups = table.Extend(plan.SharedGroups + plan.NewGroups + (plan.TakesOver ? 1 : 0));
        for (int i = 0; i < plan.SharedGroups; i++)
        {
            groups[i] = ledger.SharedGroup(matched, i);
        }

        // What was found gets an owner first, so that none of it is taken as a victim.
        int taken = plan.SharedGroups;
        ledger.Pool.AddReference(groups[..taken]);
        ledger.Pool.AddReference(source);
        if (plan.TakesOver)
        {
            groups[taken++] = source[0];
        }

        ledger.Take(groups[taken..]);
        bool copies = plan.PartialTokens > 0 && !plan.TakesOver;
        refusal = allocator.Space.TrySettle(
            groups, taken, groups[taken..], plan.SharedGroups, copies ? new GroupCopy(source[0], plan.PartialTokens) : default, out int slot);
        if (refusal != KvRefusal.None || copies)
        {
            ledger.Pool.Release(source);
        }

        if (refusal != KvRefusal.None)
        {
            ledger.Pool.Release(groups[..plan.SharedGroups]);
            table.Free();
            return null;
        }

        if (plan.TakesOver)
        {
            ledger.Meters.Evicted(ledger.Forget(source[0], plan.PartialTokens / ledger.BlockTokens));
        }

        int hitTokens = plan.HitBlocks * ledger.BlockTokens;
        VirtualSequence sequence = new(allocator, ledger.Index?.Roots.Acquire(options.Namespace), table, slot)
        {
            HitLength = hitTokens,
            Published = copies ? plan.SharedGroups * ledger.GroupBlocks : plan.HitBlocks,
            ComputedLength = hitTokens,
            Length = plan.Length,
        };
        sequence.WriteTokens(hitTokens, prompt[hitTokens..plan.Length]);
        sequence.PublishComputed();
        sequence.MapAhead();
        return sequence;
    }

    /// <summary>Publishes the blocks that have become full.</summary>
    public void PublishComputed()
    {
        if (_root is null)
        {
            return;
        }

        for (int full = ComputedLength / _ledger.BlockTokens; Published < full; Published++)
        {
            _ledger.Publish(BlockAt(Published), Published == 0 ? -1 : BlockAt(Published - 1), _root);
        }
    }

    /// <summary>The number of the block that stands at an index of the sequence.</summary>
    public int BlockAt(int index)
    {
        (int group, int block) = Math.DivRem(index, _ledger.GroupBlocks);
        return (_groups[group] * _ledger.GroupBlocks) + block;
    }

    private protected override bool AppendCore(ReadOnlySpan<int> tokens, out KvRefusal refusal)
    {
        refusal = KvRefusal.None;
        int length = Length;
        if (tokens.Length > Capacity - length || !CanWriteTail())
        {
            if (tokens.IsEmpty)
            {
                return true;
            }

            if (!TryGrow(length, (long)length + tokens.Length, out refusal))
            {
                return false;
            }

            GiveUpPublishedTail();
        }

        WriteTokens(length, tokens);
        Length = length + tokens.Length;
        MapAhead();
        return true;
    }

    /// <summary>Near the end of its memory, has the next group mapped beside the steps.</summary>
    private void MapAhead()
    {
        if (Capacity - Length < _allocator.LookaheadTokens && _expecting != _groups.Count && _space.Ahead.TryExpect(Slot, _groups.Count))
        {
            _expecting = _groups.Count;
        }
    }

    /// <summary>Lets go of the group mapped ahead: the sequence has become shorter, or moved.</summary>
    private void Forsake()
    {
        _space.Ahead.Forsake(Slot);
        _expecting = -1;
    }

    private protected override bool ReserveCore(int capacity, out KvRefusal refusal)
    {
        refusal = KvRefusal.None;
        return capacity <= Length || TryGrow(Length, capacity, out refusal);
    }

    private protected override void TruncateCore(int length)
    {
        int kept = _ledger.GroupsFor(length);
        if (kept < _groups.Count)
        {
            Forsake();
        }

        _ledger.Retired.Release(_groups.Blocks[kept..]);
        _groups.Shrink(kept);
        Published = Math.Min(Published, length / _ledger.BlockTokens);
        Length = length;
        ComputedLength = Math.Min(ComputedLength, length);
        Capacity = _ledger.CapacityOf(kept);
    }

    private protected override void CopyTokensCore(int start, Span<int> destination)
    {
        if (Suspended is { } content)
        {
            content.Tokens.Slice(start, destination.Length).CopyTo(destination);
            return;
        }

        while (!destination.IsEmpty)
        {
            (int index, int offset) = Math.DivRem(start, _ledger.BlockTokens);
            int count = Math.Min(_ledger.BlockTokens - offset, destination.Length);
            _ledger.Tokens[BlockAt(index)].Slice(offset, count).CopyTo(destination);
            destination = destination[count..];
            start += count;
        }
    }

    private protected override void DisposeCore()
    {
        if (Suspended is { } content)
        {
            content.Release();
            _allocator.CountSuspended(-1);
        }
        else
        {
            GiveBack();
        }

        _page.Free();
        if (_root is not null)
        {
            _ledger.Index!.Roots.Release(_root.Content);
        }

        _allocator.Unregister(OpenIndex);
    }

    private void GiveBack()
    {
        Forsake();
        _ledger.Retired.Release(_groups.Blocks);
        _space.Release(Slot);
        _groups.Free();
    }

    private void WriteTokens(int position, ReadOnlySpan<int> tokens)
    {
        (int index, int offset) = Math.DivRem(position, _ledger.BlockTokens);
        while (!tokens.IsEmpty)
        {
            int count = Math.Min(_ledger.BlockTokens - offset, tokens.Length);
            tokens[..count].CopyTo(_ledger.Tokens[BlockAt(index++)][offset..]);
            tokens = tokens[count..];
            offset = 0;
        }
    }
}
