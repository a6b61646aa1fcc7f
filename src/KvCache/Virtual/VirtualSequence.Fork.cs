using System.Diagnostics.CodeAnalysis;
using KvCache.Blocks;

namespace KvCache.Virtual;

/// <content>Forking: computed groups are shared by mapping, tokens not computed yet get groups of the child's own.</content>
internal sealed partial class VirtualSequence
{
    private protected override bool ForkCore(
        int length, [NotNullWhen(true)] out KvSequence? child, out KvRefusal refusal)
    {
        _allocator.Books.Collect();
        int computed = Math.Min(length, ComputedLength);
        int shared = SharedGroups(length);
        int own = _ledger.GroupsFor(length) - shared;
        refusal = PlanGrowth(length, own);
        if (refusal == KvRefusal.None && !_allocator.HasRoomForSequence)
        {
            refusal = KvRefusal.OutOfDeviceMemory;
        }

        child = refusal == KvRefusal.None ? TryFork(length, computed, shared, own, out refusal) : null;
        if (child is not null)
        {
            return true;
        }

        _ledger.Meters.Refused(refusal);
        return false;
    }

    /// <summary>Makes the child, or gives everything back.</summary>
    /// <param name="length">Its tokens.</param>
    /// <param name="computed">How many of them are computed.</param>
    /// <param name="shared">Groups shared with this sequence.</param>
    /// <param name="own">Groups of its own after them.</param>
    /// <param name="refusal">Why not, or none.</param>
    private VirtualSequence? TryFork(int length, int computed, int shared, int own, out KvRefusal refusal)
    {
        ReadOnlySpan<int> parents = _groups.Blocks[..shared];
        BlockTable table = new();
        Span<int> groups = table.Extend(shared + own);
        parents.CopyTo(groups);
        _ledger.Pool.AddReference(parents);
        _ledger.Take(groups[shared..]);

        // A partly filled group that is shared may become the child's alone, to be written to.
        int copied = computed - Math.Min(computed, shared * _ledger.GroupTokens);
        GroupCopy copy = copied > 0 ? new GroupCopy(_groups[shared], copied) : default;
        refusal = _space.TrySettle(
            groups, shared, groups[shared..], Math.Min(shared, length / _ledger.GroupTokens), copy, out int slot);
        if (refusal != KvRefusal.None)
        {
            _ledger.Pool.Release(parents);
            table.Free();
            return null;
        }

        VirtualSequence child = new(_allocator, _root is null ? null : _ledger.Index!.Roots.Acquire(_root.Identity), table, slot)
        {
            Length = length,
            ComputedLength = computed,
            Published = Math.Min(Published, Math.Min(length / _ledger.BlockTokens, shared * _ledger.GroupBlocks)),
        };
        CopyTokensTo(child, shared * _ledger.GroupBlocks, length);
        child.PublishComputed();
        return child;
    }

    /// <summary>How many leading groups a fork can share: those in which nobody has anything left to compute.</summary>
    private int SharedGroups(int length)
    {
        if (length > ComputedLength)
        {
            return ComputedLength / _ledger.GroupTokens;
        }

        int whole = length / _ledger.GroupTokens;
        bool parentStillWrites = Length > ComputedLength && ComputedLength / _ledger.GroupTokens == whole;
        return parentStillWrites ? whole : _ledger.GroupsFor(length);
    }

    private void CopyTokensTo(VirtualSequence child, int firstBlock, int end)
    {
        for (int index = firstBlock; index * _ledger.BlockTokens < end; index++)
        {
            int count = Math.Min(_ledger.BlockTokens, end - (index * _ledger.BlockTokens));
            _ledger.Tokens[BlockAt(index)][..count].CopyTo(_ledger.Tokens[child.BlockAt(index)]);
        }
    }
}
