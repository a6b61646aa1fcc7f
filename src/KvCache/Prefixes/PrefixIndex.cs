using System.Numerics;
using System.Runtime.CompilerServices;
using KvCache.Blocks;
using KvCache.Diagnostics;

namespace KvCache.Prefixes;

/// <summary>Finds published blocks by content: what stands before them, and their own tokens.</summary>
/// <remarks>
/// <para>Every distinct content gets an id that is never used again. A block's identity is (its parent's content id,
/// its tokens): the chained hash leads to the candidates, then the parent's id and the stored tokens are compared, so
/// that by induction over the chain a hit is exact whatever the hash does.</para>
/// <para>Blocks of equal content are copies of one content: the oldest stands in the hash chain and is found, the
/// others hang on it and take its place in the order in which they were published.</para>
/// <para>Hash buckets and chains are numbers in arrays indexed by block; O(1) expected per block, nothing allocated
/// but by doubling. One owner thread.</para>
/// </remarks>
internal sealed class PrefixIndex(int capacity, TokenStore tokens, PrefixHash hash, KvEventStream? events)
{
    private const int None = -1;
    private int[] _buckets = [];
    private Entry[] _entries = [];
    private int _contents;
    private long _nextContent = 1;

    public PrefixRoots Roots { get; } = new(hash);

    /// <summary>Gets the number of distinct contents that can be found.</summary>
    public int Contents => _contents;

    /// <summary>Finds the longest chain of published blocks that a prompt begins with. Changes nothing.</summary>
    /// <param name="identity">The namespace.</param>
    /// <param name="prompt">The tokens.</param>
    /// <param name="blocks">Receives the blocks; its length is the most that may be found.</param>
    /// <returns>How many were found.</returns>
    public int Match(KvNamespace identity, ReadOnlySpan<int> prompt, Span<int> blocks)
    {
        if (_contents == 0 || Roots.Find(identity) is not { } root)
        {
            return 0;
        }

        int blockTokens = tokens.BlockTokens;
        UInt128 parentHash = root.Hash;
        long parent = root.Content;
        for (int i = 0; i < blocks.Length; i++)
        {
            ReadOnlySpan<int> wanted = prompt.Slice(i * blockTokens, blockTokens);
            parentHash = hash.Hash(parentHash, wanted);
            int block = Find(parentHash, parent, wanted);
            if (block == None)
            {
                return i;
            }

            parent = _entries[block].Content;
            blocks[i] = block;
        }

        return blocks.Length;
    }

    /// <summary>Publishes a full block whose tokens are stored.</summary>
    /// <param name="block">The block; not published.</param>
    /// <param name="parent">The published block before it, or −1 for a first block.</param>
    /// <param name="root">The sequence's namespace.</param>
    /// <param name="keepCopy">Whether a block whose content is published already is published as a copy, or not at all.</param>
    /// <returns>The block that stood for this content already, or −1 where there was none.</returns>
    public int Publish(int block, int parent, PrefixRoot root, bool keepCopy)
    {
        long parentContent = parent == None ? root.Content : _entries[parent].Content;
        UInt128 parentHash = parent == None ? root.Hash : _entries[parent].Hash;
        ReadOnlySpan<int> own = tokens[block];
        UInt128 blockHash = hash.Hash(parentHash, own);
        int canonical = Find(blockHash, parentContent, own);
        if (canonical != None && !keepCopy)
        {
            return canonical;
        }

        if (block >= _entries.Length)
        {
            GrowEntries(block);
        }

        _entries[block] = new Entry
        {
            Hash = blockHash,
            Parent = parentContent,
            Content = canonical == None ? _nextContent++ : _entries[canonical].Content,
            NextInBucket = None,
            NextCopy = None,
            PreviousCopy = block,
        };
        if (canonical != None)
        {
            AppendCopy(ref _entries[canonical], block);
            return canonical;
        }

        if (++_contents > _buckets.Length / 2)
        {
            GrowBuckets();
        }

        ref int bucket = ref _buckets[BucketOf(blockHash)];
        _entries[block].NextInBucket = bucket;
        bucket = block;
        if (parentContent < 0)
        {
            Roots.Acquire(parentContent);
        }

        events?.Write(KvCacheEventKind.Stored, blockHash, parentHash, tokens.BlockTokens);
        return None;
    }

    /// <summary>Forgets a published block. Its content stays findable while another copy is published.</summary>
    public void Forget(int block)
    {
        ref Entry entry = ref _entries[block];
        if (!IsCanonical(block))
        {
            RemoveCopy(ref entry);
        }
        else if (entry.NextCopy != None)
        {
            ref Entry heir = ref _entries[entry.NextCopy];
            heir.PreviousCopy = entry.PreviousCopy;
            heir.NextInBucket = entry.NextInBucket;
            LinkTo(ref entry) = entry.NextCopy;
        }
        else
        {
            LinkTo(ref entry) = entry.NextInBucket;
            _contents--;
            events?.Write(KvCacheEventKind.Removed, entry.Hash, default, tokens.BlockTokens);
            if (entry.Parent < 0)
            {
                Roots.Release(entry.Parent);
            }
        }

        entry = default;
    }

    /// <summary>Forgets everything, without an event per content. No sequence may be open.</summary>
    public void Clear()
    {
        Array.Clear(_entries);
        Array.Fill(_buckets, None);
        _contents = 0;
        Roots.Clear();
    }

    /// <summary>Lists the findable contents as stored events, in the order in which they were first published.</summary>
    public List<KvCacheEvent> ListStored(long sequenceNumber)
    {
        List<int> canonical = [];
        for (int block = 0; block < _entries.Length; block++)
        {
            if (_entries[block].Content != 0 && IsCanonical(block))
            {
                canonical.Add(block);
            }
        }

        canonical.Sort((left, right) => _entries[left].Content.CompareTo(_entries[right].Content));
        Dictionary<long, UInt128> hashes = canonical.ToDictionary(block => _entries[block].Content, block => _entries[block].Hash);
        List<KvCacheEvent> stored = [];
        foreach (int block in canonical)
        {
            Entry entry = _entries[block];
            UInt128 parent = entry.Parent < 0 ? Roots.TryGet(entry.Parent)!.Hash : hashes.GetValueOrDefault(entry.Parent);
            stored.Add(new KvCacheEvent(sequenceNumber, KvCacheEventKind.Stored, entry.Hash, parent, tokens.BlockTokens));
        }

        return stored;
    }

    /// <summary>The content id of a published block; 0 for one that is not published.</summary>
    public long ContentOf(int block) => block < _entries.Length ? _entries[block].Content : 0;

    /// <summary>The content id of what stands before a published block.</summary>
    public long ParentOf(int block) => _entries[block].Parent;

    /// <summary>The entries by block, for integrity checks and for tests that plant faults.</summary>
    internal Span<Entry> Entries => _entries;

    /// <summary>The first block of every bucket, for integrity checks and for tests that plant faults.</summary>
    internal Span<int> Buckets => _buckets;

    internal int BucketOf(UInt128 blockHash) => (int)((uint)blockHash & (uint)(_buckets.Length - 1));

    internal UInt128 Hash(UInt128 parent, ReadOnlySpan<int> content) => hash.Hash(parent, content);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Find(UInt128 blockHash, long parent, ReadOnlySpan<int> wanted)
    {
        if (_buckets.Length == 0)
        {
            return None;
        }

        Entry[] entries = _entries;
        for (int block = _buckets[BucketOf(blockHash)]; block != None; block = entries[block].NextInBucket)
        {
            ref Entry entry = ref entries[block];
            if (entry.Hash == blockHash && entry.Parent == parent && wanted.SequenceEqual(tokens[block]))
            {
                return block;
            }
        }

        return None;
    }

    /// <summary>Whether a published block is the one that its hash leads to: only the oldest copy follows the newest.</summary>
    internal bool IsCanonical(int block) => _entries[_entries[block].PreviousCopy].NextCopy == None;

    /// <summary>Finds the link (bucket or chain) that leads to an entry's content.</summary>
    private ref int LinkTo(ref Entry entry)
    {
        ref int link = ref _buckets[BucketOf(entry.Hash)];
        while (link != None && _entries[link].Content != entry.Content)
        {
            link = ref _entries[link].NextInBucket;
        }

        if (link == None)
        {
            Throw.InvalidOperation($"Content {entry.Content} is published, but its hash does not lead to it.");
        }

        return ref link;
    }

    private void AppendCopy(ref Entry canonical, int copy)
    {
        int newest = canonical.PreviousCopy;
        _entries[newest].NextCopy = copy;
        _entries[copy].PreviousCopy = newest;
        canonical.PreviousCopy = copy;
    }

    private void RemoveCopy(ref Entry entry)
    {
        _entries[entry.PreviousCopy].NextCopy = entry.NextCopy;
        ref Entry after = ref _entries[entry.NextCopy != None ? entry.NextCopy : LinkTo(ref entry)];
        after.PreviousCopy = entry.PreviousCopy;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void GrowEntries(int block) => Array.Resize(
        ref _entries, (int)Math.Min(capacity, Math.Max(64L, Math.Max(block + 1L, _entries.Length * 2L))));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void GrowBuckets()
    {
        int[] old = _buckets;
        _buckets = new int[(int)Math.Min(1u << 30, BitOperations.RoundUpToPowerOf2((uint)Math.Max(64, old.Length * 2)))];
        Array.Fill(_buckets, None);
        foreach (int first in old)
        {
            for (int block = first; block != None;)
            {
                ref Entry entry = ref _entries[block];
                int next = entry.NextInBucket;
                ref int bucket = ref _buckets[BucketOf(entry.Hash)];
                entry.NextInBucket = bucket;
                bucket = block;
                block = next;
            }
        }
    }

    /// <summary>What the index knows of one published block; all zero for one that is not published.</summary>
    internal struct Entry
    {
        public UInt128 Hash;
        public long Parent;
        public long Content;
        public int NextInBucket;

        /// <summary>The next newer copy of the same content, or −1.</summary>
        public int NextCopy;

        /// <summary>The next older copy; the oldest names the newest.</summary>
        public int PreviousCopy;
    }
}
