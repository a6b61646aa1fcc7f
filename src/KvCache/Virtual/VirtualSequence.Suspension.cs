using System.Buffers;
using KvCache.Blocks;
using KvCache.Tiers;

namespace KvCache.Virtual;

/// <content>Suspension: the computed blocks go to the host tier; on the way back whole groups are shared where the cache has them.</content>
internal sealed partial class VirtualSequence
{
    /// <summary>Gets what the host keeps of the sequence, or null where it is not suspended.</summary>
    public SuspendedContent? Suspended { get; private set; }

    private protected override bool SuspendCore(out KvRefusal refusal)
    {
        int[] tokens = new int[Length];
        CopyTokensCore(0, tokens);
        int computed = BlocksFor(ComputedLength);
        Suspended = SuspendedContent.TryKeep(_allocator.HostStore, tokens, computed, TrySave, out refusal);
        if (Suspended is null)
        {
            _ledger.Meters.Refused(refusal);
            return false;
        }

        GiveBack();
        Published = 0;
        _allocator.CountSuspended(1);
        _ledger.Meters.Suspended();
        return true;
    }

    private protected override bool ResumeCore(int capacity, out KvRefusal refusal)
    {
        _allocator.Books.Collect();
        SuspendedContent content = Suspended!;
        int full = ComputedLength / _ledger.BlockTokens;
        int[] matched = ArrayPool<int>.Shared.Rent(full);
        int hits = _root is null ? 0 : _ledger.Index!.Match(_root.Identity, content.Tokens, matched.AsSpan(0, full));
        int shared = hits / _ledger.GroupBlocks;
        refusal = TryResume(content, capacity, shared, matched);
        ArrayPool<int>.Shared.Return(matched);
        if (refusal != KvRefusal.None)
        {
            _ledger.Meters.Refused(refusal);
            return false;
        }

        Suspended = null;
        int position = shared * _ledger.GroupTokens;
        WriteTokens(position, content.Tokens[position..]);
        Published = shared * _ledger.GroupBlocks;
        PublishComputed();
        Capacity = _ledger.CapacityOf(_groups.Count);
        content.Release();
        _allocator.CountSuspended(-1);
        _ledger.Meters.Resumed();
        MapAhead();
        return true;
    }

    /// <summary>Shares whole groups that were found, takes others for the rest, maps all, and has them filled; all or nothing.</summary>
    private KvRefusal TryResume(SuspendedContent content, int capacity, int shared, ReadOnlySpan<int> matched)
    {
        BlockTable table = new();
        Span<int> groups = table.Extend(_ledger.GroupsFor(capacity));
        int revived = 0;
        for (int i = 0; i < shared; i++)
        {
            groups[i] = _ledger.SharedGroup(matched, i);
            revived += _ledger.Pool.IsUnowned(groups[i]) ? 1 : 0;
        }

        Span<int> own = groups[shared..];
        KvRefusal refusal = _ledger.RefusalFor(capacity, own.Length, _ledger.Pool.Available - revived);
        if (refusal == KvRefusal.None)
        {
            refusal = !_ledger.TryPrepare(own.Length) ? KvRefusal.OutOfHostMemory
                : !_allocator.HasRoomForSequence ? KvRefusal.OutOfDeviceMemory
                : TryPlace(content, groups, shared);
        }

        if (refusal != KvRefusal.None)
        {
            table.Free();
            return refusal;
        }

        _groups = table;
        return KvRefusal.None;
    }

    private KvRefusal TryPlace(SuspendedContent content, Span<int> groups, int shared)
    {
        Span<int> own = groups[shared..];
        _ledger.Pool.AddReference(groups[..shared]);
        _ledger.Take(own);
        KvRefusal refusal = _space.TrySettle(groups, shared, own, shared, default, out int slot);
        if (refusal != KvRefusal.None)
        {
            _ledger.Pool.Release(groups[..shared]);
            return refusal;
        }

        if (!_allocator.TryMove(slot, shared * _ledger.GroupBlocks, content.Places, toHost: false))
        {
            _ledger.Pool.Release(groups);
            _space.Release(slot);
            return KvRefusal.TransferFailed;
        }

        _page.Replace(0, slot);
        return KvRefusal.None;
    }

    /// <summary>Copies the blocks when nothing writes to them any more: also a step that ended may still be running elsewhere.</summary>
    private bool TrySave(HostStore store, ReadOnlySpan<int> places)
    {
        _ledger.Retired.WaitForSteps();
        return _allocator.TryMove(Slot, 0, places, toHost: true);
    }

    private int BlocksFor(int tokens) => (int)(((long)tokens + _ledger.BlockTokens - 1) / _ledger.BlockTokens);
}
