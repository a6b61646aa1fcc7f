using KvCache.Blocks;
using KvCache.Prefixes;
using KvCache.Steps;

namespace KvCache.Paged;

/// <summary>A sequence of a paged allocator: its block table and three cursors.</summary>
/// <remarks>
/// Invariants: the table has ⌈Capacity / block⌉ blocks; a block that holds positions yet to be computed, or beyond
/// the length, has this sequence as its only owner and is not published; the first <see cref="Published"/> blocks are.
/// </remarks>
internal sealed partial class PagedSequence : KvSequence
{
    private readonly PagedKvAllocator _allocator;
    private readonly PagedLedger _ledger;
    private readonly PrefixRoot? _root;
    private readonly long _id;
    private BlockTable _table = new();

    private PagedSequence(PagedKvAllocator allocator, PrefixRoot? root)
    {
        _allocator = allocator;
        _ledger = allocator.Ledger;
        _root = root;
        _id = allocator.NextSequenceId();
        OpenIndex = allocator.Register(this);
    }

    public override IKvAllocator Allocator => _allocator.Face;

    /// <summary>Gets or sets the sequence's place in the allocator's list of open ones.</summary>
    public int OpenIndex { get; set; }

    /// <summary>Gets how many leading blocks are published.</summary>
    public int Published { get; private set; }

    public long Id => _id;

    public ref BlockTable Table => ref _table;

    /// <summary>Gets or sets which layers stay on the device, where layers move; null where they do not.</summary>
    public Layerwise.KeptLayers? Kept { get; set; }

    /// <summary>Gets the namespace's root, or null where prefixes are not cached.</summary>
    public PrefixRoot? Root => _root;

    private protected override OwnerGuard Guard => _allocator.Guard;

    private int BlockTokens => _ledger.BlockTokens;

    /// <summary>Carries out a plan.</summary>
    public static PagedSequence Open(
        PagedKvAllocator allocator,
        KvSequenceOptions options,
        ReadOnlySpan<int> prompt,
        AdmissionPlan plan,
        ReadOnlySpan<int> matched)
    {
        PagedLedger ledger = allocator.Ledger;
        ReadOnlySpan<int> hits = matched[..plan.HitBlocks];
        BlockTable table = new();
        hits.CopyTo(table.Extend(hits.Length));

        // The hits get an owner first, so that none of them is taken as a victim.
        ledger.Pool.AddReference(hits);
        ledger.Take(table.Extend(plan.NewBlocks));
        int hitTokens = hits.Length * ledger.BlockTokens;
        PagedSequence sequence = new(allocator, ledger.Index?.Roots.Acquire(options.Namespace))
        {
            HitLength = hitTokens,
            _table = table,
            Published = hits.Length,
            ComputedLength = hitTokens,
            Length = plan.Length,
            Capacity = ledger.CapacityOf(table.Count),
        };
        sequence.WriteTokens(hitTokens, prompt[hitTokens..plan.Length]);
        allocator.Memory.Opened(sequence);
        return sequence;
    }

    /// <summary>Publishes the blocks that have become full.</summary>
    public void PublishComputed()
    {
        if (_root is null)
        {
            return;
        }

        for (int full = ComputedLength / BlockTokens; Published < full; Published++)
        {
            int block = _table[Published];
            int kept = _ledger.Publish(block, Published == 0 ? -1 : _table[Published - 1], _root);
            if (kept != block)
            {
                _table.Replace(Published, kept);
            }
        }
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
        return true;
    }

    private protected override bool ReserveCore(int capacity, out KvRefusal refusal)
    {
        refusal = KvRefusal.None;
        return capacity <= Length || TryGrow(Length, capacity, out refusal);
    }

    private protected override void TruncateCore(int length)
    {
        int kept = _ledger.BlocksFor(length);
        ReadOnlySpan<int> dropped = _table.Blocks[kept..];
        _ledger.Release(dropped);
        _table.Shrink(kept);
        Published = Math.Min(Published, length / BlockTokens);
        Length = length;
        ComputedLength = Math.Min(ComputedLength, length);
        Capacity = _ledger.CapacityOf(kept);
        _allocator.Memory.Shrunk(this);
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
            (int index, int offset) = Math.DivRem(start, BlockTokens);
            int count = Math.Min(BlockTokens - offset, destination.Length);
            _ledger.Tokens[_table[index]].Slice(offset, count).CopyTo(destination);
            destination = destination[count..];
            start += count;
        }
    }

    private protected override void DisposeCore()
    {
        if (Suspended is { } content)
        {
            content.Release();
        }
        else
        {
            GiveBack();
        }

        if (_root is not null)
        {
            _ledger.Index!.Roots.Release(_root.Content);
        }

        _allocator.Unregister(OpenIndex);
    }

    private void GiveBack()
    {
        _allocator.Memory.Closed(this);
        _ledger.Release(_table.Blocks);
        _table.Free();
    }

    private void WriteTokens(int position, ReadOnlySpan<int> tokens)
    {
        (int index, int offset) = Math.DivRem(position, BlockTokens);
        while (!tokens.IsEmpty)
        {
            int count = Math.Min(BlockTokens - offset, tokens.Length);
            tokens[..count].CopyTo(_ledger.Tokens[_table[index++]][offset..]);
            tokens = tokens[count..];
            offset = 0;
        }
    }
}
