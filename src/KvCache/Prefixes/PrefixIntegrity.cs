using KvCache.Blocks;

namespace KvCache.Prefixes;

/// <summary>Proves that a prefix index finds exactly what is published, under hashes that follow from the stored tokens.</summary>
internal sealed class PrefixIntegrity(PrefixIndex index, TokenStore tokens, Action<string> report)
{
    private readonly HashSet<int> _reachable = [];
    private readonly Dictionary<long, int> _canonical = [];
    private int _firstBlocks;

    public void Check(BlockPool pool, int openSequences)
    {
        CheckBuckets();
        CheckPublished(pool);
        CheckHashes();
        if (_canonical.Count != index.Contents)
        {
            report($"{_canonical.Count} contents can be found; the count says {index.Contents}.");
        }

        int users = index.Roots.Users;
        if (users != _firstBlocks + openSequences)
        {
            report($"Namespaces have {users} users; expected {_firstBlocks} first blocks and {openSequences} open sequences.");
        }
    }

    private void CheckBuckets()
    {
        for (int bucket = 0; bucket < index.Buckets.Length; bucket++)
        {
            int steps = 0;
            for (int block = index.Buckets[bucket]; block != -1; block = index.Entries[block].NextInBucket)
            {
                if (!IsPublished(block) || ++steps > index.Entries.Length)
                {
                    report($"Bucket {bucket} leads to block {block}, which is not published or stands in a circle.");
                    break;
                }

                PrefixIndex.Entry entry = index.Entries[block];
                if (index.BucketOf(entry.Hash) != bucket || !_canonical.TryAdd(entry.Content, block))
                {
                    report($"Block {block} stands in bucket {bucket}, where its hash does not lead, or twice.");
                }

                CheckCopies(block, entry.Content);
            }
        }
    }

    private void CheckCopies(int canonical, long content)
    {
        int previous = canonical;
        for (int copy = canonical; copy != -1; copy = index.Entries[copy].NextCopy)
        {
            if (!IsPublished(copy) || index.Entries[copy].Content != content || !_reachable.Add(copy))
            {
                report($"Block {copy} stands among the copies of block {canonical} but is not one.");
                return;
            }

            if (copy != canonical && index.Entries[copy].PreviousCopy != previous)
            {
                report($"Copy {copy} follows {previous} but points back to {index.Entries[copy].PreviousCopy}.");
            }

            previous = copy;
        }

        if (index.Entries[canonical].PreviousCopy != previous)
        {
            report($"Block {canonical} names {index.Entries[canonical].PreviousCopy} as its newest copy; expected {previous}.");
        }
    }

    private void CheckPublished(BlockPool pool)
    {
        for (int block = 0; block < pool.HighWater; block++)
        {
            if (pool.IsPublished(block) != IsPublished(block) || IsPublished(block) != _reachable.Contains(block))
            {
                report($"Block {block}: published by the pool {pool.IsPublished(block)}, by the index {IsPublished(block)}, findable {_reachable.Contains(block)}.");
            }
        }
    }

    private void CheckHashes()
    {
        foreach (int block in _canonical.Values)
        {
            PrefixIndex.Entry entry = index.Entries[block];
            _firstBlocks += entry.Parent < 0 ? 1 : 0;
            UInt128? parent = entry.Parent < 0 ? index.Roots.TryGet(entry.Parent)?.Hash
                : _canonical.TryGetValue(entry.Parent, out int above) ? index.Entries[above].Hash
                : null;
            if (entry.Parent < 0 && parent is null)
            {
                report($"First block {block} belongs to a namespace that is gone.");
            }

            // A parent may have been evicted before its child by a policy of the user's: the child is out of reach then.
            if (parent is { } known && index.Hash(known, tokens[block]) != entry.Hash)
            {
                report($"The hash of block {block} does not follow from its tokens.");
            }
        }

        foreach (int copy in _reachable)
        {
            PrefixIndex.Entry entry = index.Entries[copy];
            if (!tokens[copy].SequenceEqual(tokens[_canonical[entry.Content]]))
            {
                report($"Block {copy} is a copy of block {_canonical[entry.Content]} but has other tokens.");
            }
        }
    }

    private bool IsPublished(int block) => (uint)block < (uint)index.Entries.Length && index.Entries[block].Content != 0;
}
