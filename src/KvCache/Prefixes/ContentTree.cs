using System.Numerics;
using System.Runtime.CompilerServices;

namespace KvCache.Prefixes;

/// <summary>The distinct contents that can be found: a tree by what stands before what, and hash buckets into it.</summary>
/// <remarks>
/// Nodes are numbers from 1 on, reused when their content goes. A node is never removed before its children, so that
/// a parent's number cannot come to mean another content. A parent below 0 is a namespace's root. Arrays of numbers,
/// O(1) expected per operation, nothing allocated but by doubling.
/// </remarks>
internal sealed class ContentTree
{
    public const int None = 0;
    private Node[] _nodes = new Node[1];
    private int[] _buckets = [];
    private int _used = 1;
    private int _free = None;

    /// <summary>Gets the number of contents.</summary>
    public int Count { get; private set; }

    public ref Node this[int node] => ref _nodes[node];

    /// <summary>The first node of every bucket, for integrity checks and for tests that plant faults.</summary>
    internal Span<int> Buckets => _buckets;

    /// <summary>The nodes by number, 0 unused, for integrity checks and for tests that plant faults.</summary>
    internal Span<Node> Nodes => _nodes.AsSpan(0, _used);

    /// <summary>The content before one, or its namespace's root; 0 for what is no content.</summary>
    public int ParentOf(int node) => (uint)node < (uint)_used ? _nodes[node].Parent : None;

    /// <summary>Gets the first node with a hash's bucket, from which <see cref="Node.NextInBucket"/> leads on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int FirstInBucketOf(UInt128 hash) => _buckets.Length == 0 ? None : _buckets[BucketOf(hash)];

    /// <summary>Adds a content.</summary>
    public int Add(UInt128 hash, int parent)
    {
        if (++Count > _buckets.Length / 2)
        {
            GrowBuckets();
        }

        int node = TakeNode();
        ref int bucket = ref _buckets[BucketOf(hash)];
        _nodes[node] = new Node { Hash = hash, Parent = parent, NextInBucket = bucket };
        bucket = node;
        if (parent > None)
        {
            int sibling = _nodes[parent].FirstChild;
            _nodes[node].NextSibling = sibling;
            _nodes[sibling].PreviousSibling = node;
            _nodes[parent].FirstChild = node;
        }

        return node;
    }

    /// <summary>Removes a content that has no children.</summary>
    public void Remove(int node)
    {
        ref Node removed = ref _nodes[node];
        ref int link = ref _buckets[BucketOf(removed.Hash)];
        while (link != node)
        {
            if (link == None)
            {
                Throw.InvalidOperation($"Content {node} is published, but its hash does not lead to it.");
            }

            link = ref _nodes[link].NextInBucket;
        }

        link = removed.NextInBucket;
        if (removed.Parent > None)
        {
            ref int before = ref removed.PreviousSibling == None
                ? ref _nodes[removed.Parent].FirstChild
                : ref _nodes[removed.PreviousSibling].NextSibling;
            before = removed.NextSibling;
            _nodes[removed.NextSibling].PreviousSibling = removed.PreviousSibling;
        }

        removed = new Node { NextInBucket = _free };
        _free = node;
        Count--;
    }

    /// <summary>Removes everything.</summary>
    public void Clear()
    {
        Array.Clear(_nodes);
        Array.Clear(_buckets);
        (_used, _free, Count) = (1, None, 0);
    }

    internal int BucketOf(UInt128 hash) => (int)((uint)hash & (uint)(_buckets.Length - 1));

    private int TakeNode()
    {
        if (_free != None)
        {
            int node = _free;
            _free = _nodes[node].NextInBucket;
            return node;
        }

        if (_used == _nodes.Length)
        {
            Array.Resize(ref _nodes, (int)Math.Min(Array.MaxLength, Math.Max(64L, _nodes.Length * 2L)));
        }

        return _used++;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void GrowBuckets()
    {
        int[] old = _buckets;
        _buckets = new int[(int)Math.Min(1u << 30, BitOperations.RoundUpToPowerOf2((uint)Math.Max(64, old.Length * 2L)))];
        foreach (int first in old)
        {
            for (int node = first; node != None;)
            {
                ref Node moved = ref _nodes[node];
                int next = moved.NextInBucket;
                ref int bucket = ref _buckets[BucketOf(moved.Hash)];
                moved.NextInBucket = bucket;
                bucket = node;
                node = next;
            }
        }
    }

    /// <summary>One content: what stands before it, what follows it, and the blocks that hold it.</summary>
    internal struct Node
    {
        public UInt128 Hash;

        /// <summary>The content before it, or a namespace's root below 0; 0 for a node not in use.</summary>
        public int Parent;

        public int FirstChild;
        public int NextSibling;

        /// <summary>The sibling before it. Node 0 collects what is written for "none".</summary>
        public int PreviousSibling;

        public int NextInBucket;

        /// <summary>The block that is found.</summary>
        public int OldestCopy;

        public int NewestCopy;
    }
}
