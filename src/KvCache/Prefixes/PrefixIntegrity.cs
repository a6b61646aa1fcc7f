using KvCache.Blocks;

namespace KvCache.Prefixes;

/// <summary>Proves that a prefix index finds exactly what is published, under hashes that follow from the stored tokens.</summary>
internal sealed class PrefixIntegrity(PrefixIndex index, TokenStore tokens, Action<string> report)
{
    private readonly HashSet<int> _findable = [];
    private readonly HashSet<int> _copies = [];
    private int _firstBlocks;
    private int _children;

    /// <param name="isPublished">Whether the ledger takes a block for published.</param>
    /// <param name="blocks">How many blocks were ever used.</param>
    /// <param name="openSequences">How many sequences are open.</param>
    public void Check(Func<int, bool> isPublished, int blocks, int openSequences)
    {
        CheckBuckets();
        foreach (int content in _findable)
        {
            if (CheckCopies(content))
            {
                CheckParent(content);
            }

            CheckChildren(content);
        }

        CheckPublished(isPublished, blocks);
        Expect(_findable.Count == index.Contents.Count, $"{_findable.Count} contents can be found; the count says {index.Contents.Count}.");
        Expect(_children == _findable.Count - _firstBlocks, $"{_children} contents follow another; expected {_findable.Count - _firstBlocks}.");
        Expect(
            index.Roots.Users == _firstBlocks + openSequences,
            $"Namespaces have {index.Roots.Users} users; expected {_firstBlocks} first blocks and {openSequences} open sequences.");
    }

    private void CheckBuckets()
    {
        for (int bucket = 0; bucket < index.Contents.Buckets.Length; bucket++)
        {
            for (int content = index.Contents.Buckets[bucket]; content != ContentTree.None; content = Node(content).NextInBucket)
            {
                if (!IsUsed(content) || !_findable.Add(content))
                {
                    report($"Bucket {bucket} leads to content {content}, which is not in use or stands twice.");
                    break;
                }

                Expect(
                    index.Contents.BucketOf(Node(content).Hash) == bucket,
                    $"Content {content} stands in bucket {bucket}, where its hash does not lead.");
            }
        }
    }

    /// <summary>Answers whether every copy is a block of the content, so that its tokens can be looked at.</summary>
    private bool CheckCopies(int content)
    {
        int older = -1;
        for (int block = Node(content).OldestCopy; block != -1; block = index.Copies[block].Newer)
        {
            if (index.ContentOf(block) != content || !_copies.Add(block))
            {
                report($"Block {block} stands among the copies of content {content} but is not one, or stands twice.");
                return false;
            }

            Expect(index.Copies[block].Older == older, $"Copy {block} follows {older} but points back to {index.Copies[block].Older}.");
            Expect(
                tokens[block].SequenceEqual(tokens[Node(content).OldestCopy]),
                $"Block {block} is a copy of block {Node(content).OldestCopy} but has other tokens.");
            older = block;
        }

        Expect(Node(content).NewestCopy == older, $"Content {content} names {Node(content).NewestCopy} as its newest copy; expected {older}.");
        return older != -1;
    }

    private void CheckParent(int content)
    {
        int parent = Node(content).Parent;
        _firstBlocks += parent < 0 ? 1 : 0;
        if (parent < 0 ? !index.Roots.Has(parent) : !_findable.Contains(parent))
        {
            report($"Content {content} follows {parent}, which cannot be found.");
            return;
        }

        UInt128 before = parent < 0 ? index.Roots[parent].Hash : Node(parent).Hash;
        Expect(
            index.Hash(before, tokens[Node(content).OldestCopy]) == Node(content).Hash,
            $"The hash of content {content} in block {Node(content).OldestCopy} does not follow from its tokens.");
    }

    private void CheckChildren(int content)
    {
        int previous = ContentTree.None;
        for (int child = Node(content).FirstChild; child != ContentTree.None; child = Node(child).NextSibling)
        {
            if (!_findable.Contains(child) || Node(child).Parent != content || ++_children > _findable.Count)
            {
                report($"Content {child} stands among those that follow {content}, but follows {Node(child).Parent}.");
                return;
            }

            Expect(
                Node(child).PreviousSibling == previous,
                $"Content {child} follows sibling {previous} but points back to {Node(child).PreviousSibling}.");
            previous = child;
        }
    }

    private void CheckPublished(Func<int, bool> isPublished, int blocks)
    {
        for (int block = 0; block < blocks; block++)
        {
            bool published = index.ContentOf(block) != ContentTree.None;
            Expect(
                isPublished(block) == published && published == _copies.Contains(block),
                $"Block {block}: published by the pool {isPublished(block)}, by the index {published}, findable {_copies.Contains(block)}.");
        }
    }

    private ContentTree.Node Node(int content) => index.Contents[content];

    private bool IsUsed(int content) =>
        index.Contents.ParentOf(content) != ContentTree.None;

    private void Expect(bool holds, string fault)
    {
        if (!holds)
        {
            report(fault);
        }
    }
}
