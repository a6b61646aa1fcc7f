using System.Buffers;
using KvCache.Blocks;
using KvCache.Tiers;

namespace KvCache.Paged;

/// <content>Suspension: the computed blocks go to the host tier; on the way back the cache is asked first.</content>
internal sealed partial class PagedSequence
{
    /// <summary>Gets what the host keeps of the sequence, or null where it is not suspended.</summary>
    public SuspendedContent? Suspended { get; private set; }

    private protected override bool SuspendCore(out KvRefusal refusal)
    {
        int[] tokens = new int[Length];
        CopyTokensCore(0, tokens);
        int computed = _ledger.BlocksFor(ComputedLength);
        Suspended = SuspendedContent.TryKeep(_allocator.HostStore, tokens, computed, TrySave, out refusal);
        if (Suspended is null)
        {
            _ledger.Meters.Refused(refusal);
            return false;
        }

        GiveBack();
        Published = 0;
        _ledger.Meters.Suspended();
        return true;
    }

    private protected override bool ResumeCore(int capacity, out KvRefusal refusal)
    {
        _ledger.Collect();
        SuspendedContent content = Suspended!;
        int full = ComputedLength / BlockTokens;
        int[] matched = ArrayPool<int>.Shared.Rent(full);
        int hits = _root is null ? 0 : _ledger.Index!.Match(_root.Identity, content.Tokens, matched.AsSpan(0, full));
        refusal = TryResume(content, capacity, matched.AsSpan(0, hits));
        ArrayPool<int>.Shared.Return(matched);
        if (refusal != KvRefusal.None)
        {
            _ledger.Meters.Refused(refusal);
            return false;
        }

        Suspended = null;
        WriteTokens(hits * BlockTokens, content.Tokens[(hits * BlockTokens)..]);
        Published = hits;
        PublishComputed();
        Capacity = _ledger.CapacityOf(_table.Count);
        content.Release();
        _allocator.Memory.Opened(this);
        _ledger.Meters.Resumed();
        return true;
    }

    /// <summary>Copies the blocks when nothing writes to them any more: also a step that ended may still be running elsewhere.</summary>
    private bool TrySave(HostStore store, ReadOnlySpan<int> places)
    {
        _ledger.Retired.WaitForSteps();
        return _allocator.Memory.TrySave(_table.Blocks[..places.Length], store, places);
    }

    /// <summary>Shares what was found, takes blocks for the rest, and has them filled; all or nothing.</summary>
    private KvRefusal TryResume(SuspendedContent content, int capacity, ReadOnlySpan<int> hits)
    {
        BlockPool pool = _ledger.Pool;
        int added = _ledger.BlocksFor(capacity) - hits.Length;
        KvRefusal refusal = _ledger.RefusalFor(capacity, added, pool.Available - _ledger.CountUnowned(hits));
        if (refusal != KvRefusal.None || !_ledger.TryPrepare(added))
        {
            return refusal == KvRefusal.None ? KvRefusal.OutOfHostMemory : refusal;
        }

        BlockTable table = new();
        hits.CopyTo(table.Extend(hits.Length));
        pool.AddReference(hits);
        Span<int> own = table.Extend(added);
        _ledger.Take(own);

        // In ascending order they are most often neighbours, as those on the host are.
        own.Sort();
        ReadOnlySpan<int> missing = content.Places[hits.Length..];
        if (!_allocator.Memory.TryLoad(own[..missing.Length], _allocator.HostStore!, missing))
        {
            pool.Release(table.Blocks);
            table.Free();
            return KvRefusal.TransferFailed;
        }

        _table = table;
        return KvRefusal.None;
    }
}
