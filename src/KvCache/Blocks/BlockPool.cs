using System.Runtime.CompilerServices;

namespace KvCache.Blocks;

/// <summary>The ledger of one pool of blocks: who owns each, and which state it is in.</summary>
/// <remarks>
/// <para>A block is free (unused, or idle with nothing to find), cached (idle and findable), owned (at least one
/// owner) or in transfer (given back, but a fence that guards it has not passed). The reference count is the number
/// of owners.</para>
/// <para>Arrays of numbers, no objects: O(1) per block, nothing allocated but by doubling up to the highest block ever
/// used, so that a pool of a billion blocks opens at once. Unused blocks are handed out first, in ascending order;
/// then idle ones, in the policy's order.</para>
/// <para>One owner thread; the counts may be read from anywhere.</para>
/// </remarks>
internal sealed class BlockPool
{
    private const int BatchBlocks = 256;
    private readonly EvictionPolicy _idle;
    private Entry[] _entries = [];
    private readonly Stack<int> _trimmed = new();
    private int _highWater;
    private int _owned;
    private int _cached;
    private int _inTransfer;

    public BlockPool(int capacity, EvictionPolicy idle)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        Capacity = capacity;
        _idle = idle;
    }

    public int Capacity { get; }

    public EvictionPolicy Idle => _idle;

    /// <summary>Gets how many blocks have ever been handed out; higher ids are unused.</summary>
    public int HighWater => _highWater;

    public int Owned => Volatile.Read(ref _owned);

    public int Cached => Volatile.Read(ref _cached);

    public int InTransfer => Volatile.Read(ref _inTransfer);

    /// <summary>Gets how many blocks can be handed out now.</summary>
    public int Available => Capacity - _highWater + _trimmed.Count + _idle.Count;

    public int ReferenceCount(int block) => _entries[block].References;

    public bool IsPublished(int block) => _entries[block].Published;

    /// <summary>Whether a block's only owner may write to it as it is: it is exclusive and nobody can find it.</summary>
    public bool IsWritable(int block) => IsExclusive(block) && !IsPublished(block);

    /// <summary>Whether nobody owns a block, nor still reads it.</summary>
    public bool IsUnowned(int block) => _entries[block].References == 0 && _entries[block].Pending == 0;

    /// <summary>Whether the one owner of a block may write to it: nobody else owns it, nor still reads it.</summary>
    public bool IsExclusive(int block) => _entries[block].References == 1 && _entries[block].Pending == 0;

    /// <summary>Whether an owner has let go of a block behind work that may still read it.</summary>
    public bool IsPending(int block) => _entries[block].Pending > 0;

    /// <summary>Takes blocks, each with one owner, or none at all.</summary>
    /// <remarks>A block may still be published; the caller forgets its content and says so by <see cref="SetPublished"/>.</remarks>
    public bool TryTake(Span<int> blocks)
    {
        if (blocks.Length > Available)
        {
            return false;
        }

        int unused = Math.Min(blocks.Length, Capacity - _highWater);
        if (unused > 0)
        {
            TakeUnused(blocks[..unused]);
        }

        while (unused < blocks.Length && _trimmed.TryPop(out int trimmed))
        {
            _entries[trimmed].References = 1;
            blocks[unused++] = trimmed;
        }

        _owned += unused;
        if (unused < blocks.Length)
        {
            TakeIdle(blocks[unused..]);
        }

        return true;
    }

    /// <summary>Takes idle blocks, each with one owner, next victims first.</summary>
    public void TakeIdle(Span<int> blocks)
    {
        _idle.Take(blocks);
        Entry[] entries = _entries;
        int cached = 0;
        foreach (int block in blocks)
        {
            ref Entry entry = ref entries[block];
            entry.References = 1;
            cached += entry.Published ? 1 : 0;
        }

        _cached -= cached;
        _owned += blocks.Length;
    }

    /// <summary>Takes the one owner of blocks that hold nothing, whose memory has gone back to the system.</summary>
    /// <remarks>They count as unused from here on, and are handed out before idle ones.</remarks>
    public void SetAside(ReadOnlySpan<int> blocks)
    {
        foreach (int block in blocks)
        {
            _entries[block].References = 0;
            _trimmed.Push(block);
        }

        _owned -= blocks.Length;
    }

    /// <summary>Adds an owner to each block; idle ones are revived.</summary>
    public void AddReference(ReadOnlySpan<int> blocks)
    {
        Entry[] entries = _entries;
        foreach (int block in blocks)
        {
            ref Entry entry = ref entries[block];
            if (entry.References++ == 0)
            {
                Revive(block, ref entry);
            }
        }
    }

    /// <summary>Takes an owner from each block, the last block first; those without any become idle in that order.</summary>
    [SkipLocalsInit] // Zeroing the batch would cost more than releasing one block.
    public void Release(ReadOnlySpan<int> blocks)
    {
        Span<int> idle = stackalloc int[BatchBlocks];
        Entry[] entries = _entries;
        int count = 0;
        for (int i = blocks.Length - 1; i >= 0; i--)
        {
            int block = blocks[i];
            ref Entry entry = ref entries[block];
            if (--entry.References > 0)
            {
                continue;
            }

            if (entry.References < 0)
            {
                entry.References = 0;
                Throw.InvalidOperation($"Block {block} is released, but nobody owns it.");
            }

            _owned--;
            if (entry.Pending > 0)
            {
                _inTransfer++;
                continue;
            }

            _cached += entry.Published ? 1 : 0;
            idle[count++] = block;
            if (count == BatchBlocks)
            {
                _idle.Add(idle);
                count = 0;
            }
        }

        _idle.Add(idle[..count]);
    }

    /// <summary>Takes an owner from a block that running work may still read: it stays out of reach until <see cref="Settle"/>.</summary>
    public void Retire(int block)
    {
        ref Entry entry = ref _entries[block];
        if (entry.References < 1)
        {
            Throw.InvalidOperation($"Block {block} is released, but nobody owns it.");
        }

        entry.Pending++;
        if (--entry.References == 0)
        {
            _owned--;
            _inTransfer++;
        }
    }

    /// <summary>Ends one <see cref="Retire"/>: the fence has passed.</summary>
    public void Settle(int block)
    {
        ref Entry entry = ref _entries[block];
        if (--entry.Pending == 0 && entry.References == 0)
        {
            _inTransfer--;
            _cached += entry.Published ? 1 : 0;
            _idle.Add([block]);
        }
    }

    /// <summary>Notes whether a block's content can be found by a later prompt.</summary>
    public void SetPublished(int block, bool published)
    {
        ref Entry entry = ref _entries[block];
        if (entry.Published != published)
        {
            entry.Published = published;
            if (entry.References == 0 && entry.Pending == 0)
            {
                _cached += published ? 1 : -1;
            }
        }
    }

    /// <summary>The entries up to the high-water mark, for integrity checks and for tests that plant faults.</summary>
    internal Span<Entry> Entries => _entries.AsSpan(0, _highWater);

    /// <summary>The counters by name, for tests that plant faults.</summary>
    internal ref int OwnedCounter => ref _owned;

    /// <summary>The blocks whose memory was given back, for integrity checks.</summary>
    internal IEnumerable<int> Trimmed => _trimmed;

    private void TakeUnused(Span<int> blocks)
    {
        int end = _highWater + blocks.Length;
        if (end > _entries.Length)
        {
            Grow(end);
        }

        for (int i = 0; i < blocks.Length; i++)
        {
            int block = _highWater + i;
            _entries[block].References = 1;
            blocks[i] = block;
        }

        _highWater = end;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Revive(int block, ref Entry entry)
    {
        _owned++;
        if (entry.Pending > 0)
        {
            _inTransfer--;
            return;
        }

        _cached -= entry.Published ? 1 : 0;
        _idle.Remove(block);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Grow(int needed) =>
        Array.Resize(ref _entries, (int)Math.Min(Capacity, Math.Max(64L, Math.Max(needed, _entries.Length * 2L))));

    /// <summary>What the pool knows of one block.</summary>
    internal struct Entry
    {
        /// <summary>Owners.</summary>
        public int References;

        /// <summary>Owners that have let go while work that uses the block was running.</summary>
        public int Pending;

        /// <summary>Whether a later prompt can find the content.</summary>
        public bool Published;
    }
}
