using System.Runtime.CompilerServices;
using KvCache.Blocks;
using KvCache.Diagnostics;

namespace KvCache.Prefixes;

/// <summary>Finds published blocks by content: what stands before them, and their own tokens.</summary>
/// <remarks>
/// <para>A content's identity is (the content before it, its tokens): the chained hash leads to the candidates, then the
/// parent and the stored tokens are compared, so that by induction over the chain a hit is exact whatever the hash does.</para>
/// <para>Blocks of equal content are copies: the oldest is found, the others take its place in the order in which they
/// were published. When the last copy of a content goes, everything that follows it goes too, because no prompt could
/// find it any more.</para>
/// <para>O(1) expected per block; nothing allocated but by doubling. One owner thread.</para>
/// </remarks>
internal sealed class PrefixIndex(int capacity, TokenStore tokens, PrefixHash hash, KvEventStream? events)
{
    private const int None = -1;
    private readonly Stack<int> _toRemove = new();
    private Copy[] _copies = [];

    public PrefixRoots Roots { get; } = new(hash);

    public ContentTree Contents { get; } = new();

    /// <summary>Finds the longest chain of published blocks that a prompt begins with. Changes nothing.</summary>
    /// <param name="identity">The namespace.</param>
    /// <param name="prompt">The tokens.</param>
    /// <param name="blocks">Receives the blocks; its length is the most that may be found.</param>
    /// <returns>How many were found.</returns>
    public int Match(KvNamespace identity, ReadOnlySpan<int> prompt, Span<int> blocks)
    {
        if (Contents.Count == 0 || Roots.Find(identity) is not { } root)
        {
            return 0;
        }

        int blockTokens = tokens.BlockTokens;
        UInt128 parentHash = root.Hash;
        int parent = root.Content;
        for (int i = 0; i < blocks.Length; i++)
        {
            ReadOnlySpan<int> wanted = prompt.Slice(i * blockTokens, blockTokens);
            parentHash = hash.Hash(parentHash, wanted);
            parent = Find(parentHash, parent, wanted);
            if (parent == ContentTree.None)
            {
                return i;
            }

            blocks[i] = Contents[parent].OldestCopy;
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
        int before = parent == None ? root.Content : ContentOf(parent);
        UInt128 beforeHash = parent == None ? root.Hash : Contents[before].Hash;
        ReadOnlySpan<int> own = tokens[block];
        UInt128 ownHash = hash.Hash(beforeHash, own);
        int content = Find(ownHash, before, own);
        if (content != ContentTree.None)
        {
            int published = Contents[content].OldestCopy;
            if (keepCopy)
            {
                AddCopy(content, block);
            }

            return published;
        }

        content = Contents.Add(ownHash, before);
        ref ContentTree.Node node = ref Contents[content];
        node.OldestCopy = node.NewestCopy = block;
        CopyOf(block) = new Copy { Content = content, Newer = None, Older = None };
        if (parent == None)
        {
            Roots.Acquire(before);
        }

        events?.Write(KvCacheEventKind.Stored, ownHash, beforeHash, tokens.BlockTokens);
        return None;
    }

    /// <summary>Forgets a published block; with the last copy of its content also everything that follows it.</summary>
    /// <param name="block">The block.</param>
    /// <param name="forgotten">Receives every block that is not published any more.</param>
    public void Forget(int block, List<int> forgotten)
    {
        Copy copy = _copies[block];
        ref ContentTree.Node node = ref Contents[copy.Content];
        if (node.OldestCopy == block && node.NewestCopy == block)
        {
            RemoveSubtree(copy.Content, forgotten);
            return;
        }

        ref int older = ref copy.Older == None ? ref node.OldestCopy : ref _copies[copy.Older].Newer;
        ref int newer = ref copy.Newer == None ? ref node.NewestCopy : ref _copies[copy.Newer].Older;
        (older, newer) = (copy.Newer, copy.Older);
        _copies[block] = default;
        forgotten.Add(block);
    }

    /// <summary>Forgets everything, without an event per content. No sequence may be open.</summary>
    public void Clear()
    {
        Array.Clear(_copies);
        Contents.Clear();
        Roots.Clear();
    }

    /// <summary>Lists the findable contents as stored events, parents before children.</summary>
    public List<KvCacheEvent> ListStored(long sequenceNumber)
    {
        List<KvCacheEvent> stored = new(Contents.Count);
        Stack<int> next = new();
        for (int content = 1; content < Contents.Nodes.Length; content++)
        {
            if (Contents[content].Parent < 0)
            {
                next.Push(content);
            }
        }

        while (next.TryPop(out int content))
        {
            ContentTree.Node node = Contents[content];
            UInt128 parent = node.Parent < 0 ? Roots[node.Parent].Hash : Contents[node.Parent].Hash;
            stored.Add(new KvCacheEvent(sequenceNumber, KvCacheEventKind.Stored, node.Hash, parent, tokens.BlockTokens));
            PushChildren(node, next);
        }

        return stored;
    }

    /// <summary>The content of a block; 0 for one that is not published.</summary>
    public int ContentOf(int block) => (uint)block < (uint)_copies.Length ? _copies[block].Content : ContentTree.None;

    /// <summary>What each block is a copy of, for integrity checks and for tests that plant faults.</summary>
    internal Span<Copy> Copies => _copies;

    internal UInt128 Hash(UInt128 parent, ReadOnlySpan<int> content) => hash.Hash(parent, content);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Find(UInt128 wantedHash, int parent, ReadOnlySpan<int> wanted)
    {
        int content = Contents.FirstInBucketOf(wantedHash);
        while (content != ContentTree.None)
        {
            ref ContentTree.Node node = ref Contents[content];
            if (node.Hash == wantedHash && node.Parent == parent && wanted.SequenceEqual(tokens[node.OldestCopy]))
            {
                break;
            }

            content = node.NextInBucket;
        }

        return content;
    }

    private void AddCopy(int content, int block)
    {
        ref ContentTree.Node node = ref Contents[content];
        CopyOf(block) = new Copy { Content = content, Newer = None, Older = node.NewestCopy };
        _copies[node.NewestCopy].Newer = block;
        node.NewestCopy = block;
    }

    private void RemoveSubtree(int top, List<int> forgotten)
    {
        // Children are pushed after their parent and removed before it.
        _toRemove.Push(top);
        while (_toRemove.TryPeek(out int content))
        {
            if (Contents[content].FirstChild != ContentTree.None)
            {
                _toRemove.Push(Contents[content].FirstChild);
                continue;
            }

            _toRemove.Pop();
            RemoveContent(content, forgotten);
        }
    }

    private void RemoveContent(int content, List<int> forgotten)
    {
        ContentTree.Node node = Contents[content];
        for (int block = node.OldestCopy; block != None;)
        {
            int next = _copies[block].Newer;
            _copies[block] = default;
            forgotten.Add(block);
            block = next;
        }

        Contents.Remove(content);
        events?.Write(KvCacheEventKind.Removed, node.Hash, default, tokens.BlockTokens);
        if (node.Parent < 0)
        {
            Roots.Release(node.Parent);
        }
    }

    private void PushChildren(ContentTree.Node node, Stack<int> next)
    {
        for (int child = node.FirstChild; child != ContentTree.None; child = Contents[child].NextSibling)
        {
            next.Push(child);
        }
    }

    private ref Copy CopyOf(int block)
    {
        if (block >= _copies.Length)
        {
            Array.Resize(
                ref _copies, (int)Math.Min(capacity, Math.Max(64L, Math.Max(block + 1L, _copies.Length * 2L))));
        }

        return ref _copies[block];
    }

    /// <summary>A published block among the copies of its content; all zero for one that is not published.</summary>
    internal struct Copy
    {
        public int Content;

        /// <summary>The copy published next, or −1.</summary>
        public int Newer;

        /// <summary>The copy published before, or −1.</summary>
        public int Older;
    }
}
