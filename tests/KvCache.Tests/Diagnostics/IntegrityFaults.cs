using KvCache.Blocks;
using KvCache.Prefixes;
using static KvCache.Tests.Diagnostics.IntegrityState;

namespace KvCache.Tests.Diagnostics;

/// <summary>Ways to spoil the books, each with words that the report must contain.</summary>
internal static class IntegrityFaults
{
    public static Dictionary<string, (Action<IntegrityState> Plant, string Reported)> All { get; } = new()
    {
        ["a reference too many"] = (s => s.Pool.Entries[s.First.Table[0]].References++, "its reference count is"),
        ["a reference too few"] = (s => s.Pool.Entries[s.First.Table[4]].References--, "its reference count is"),
        ["an idle block that is in no order"] = (s => s.Pool.Idle.Remove(s.Cached), "0 pending, and is not idle"),
        ["an owned block that is idle too"] = (s => s.Pool.Idle.Add([s.Waiting.Table[0]]), "1 owners and 0 pending, and is idle"),
        ["an idle block listed twice"] = (s => s.Pool.Idle.Add([s.Idle]), "idle order"),
        ["an idle block that says it stands elsewhere"] = (MisplaceIdle, "says that it stands at"),
        ["a block that was never used and is idle"] = (s => s.Pool.Idle.Add([39]), "never used"),
        ["a trimmed block that is idle too"] = (s => s.Pool.Idle.Add([s.Trimmed]), "idle or trimmed twice"),
        ["a trimmed block that is published"] = (s => s.Pool.Entries[s.Trimmed].Published = true, "Trimmed block"),
        ["an owned count too high"] = (s => s.Pool.OwnedCounter++, "blocks are owned; the count says"),
        ["a cached count too high"] = (s => Set(s.Pool, "_cached", s.Pool.Cached + 1), "blocks are cached; the count says"),
        ["a transfer count too low"] = (s => Set(s.Pool, "_inTransfer", s.Pool.InTransfer - 1), "blocks are in transfer; the count says"),
        ["a bit of a hash, bucket unchanged"] = (s => s.ContentOf(s.First.Table[1]).Hash ^= UInt128.One << 100, "does not follow from its tokens"),
        ["a bit of a hash, another bucket"] = (s => s.ContentOf(s.Cached).Hash ^= UInt128.One, "where its hash does not lead"),
        ["a token of a published block"] = (s => s.Ledger.Tokens[s.First.Table[2]][3]++, "does not follow from its tokens"),
        ["a token of a copy"] = (s => s.Ledger.Tokens[s.Second.Table[2]][0]++, "but has other tokens"),
        ["a bucket entry"] = (LoseBucketEntry, "findable False"),
        ["a bucket that leads to a content not in use"] = (s => s.ContentOf(s.First.Table[3]).NextInBucket = 1000, "not in use or stands twice"),
        ["a bucket that leads round in a circle"] = (s => s.ContentOf(s.First.Table[3]).NextInBucket = s.Index.ContentOf(s.First.Table[3]), "not in use or stands twice"),
        ["a copy that nothing leads to"] = (s => s.Index.Copies[s.First.Table[0]].Newer = -1, "findable False"),
        ["a copy that points back to another"] = (s => s.Index.Copies[s.Third.Table[0]].Older = s.First.Table[0], "but points back to"),
        ["a content that names another newest copy"] = (s => s.ContentOf(s.First.Table[0]).NewestCopy = s.Second.Table[0], "as its newest copy"),
        ["a copy of another content"] = (s => s.Index.Copies[s.Second.Table[0]].Content = s.Index.ContentOf(s.Cached), "but is not one"),
        ["a copy of a content that never was"] = (s => s.Index.Copies[s.Second.Table[0]].Content = 1000, "but is not one"),
        ["a parent that is not the block before"] = (s => s.ContentOf(s.First.Table[2]).Parent = s.Index.ContentOf(s.First.Table[2]), "not published as what follows"),
        ["a parent that cannot be found"] = (s => s.ContentOf(s.Cached).Parent = -50, "which cannot be found"),
        ["a child that its parent does not list"] = (s => s.ContentOf(s.First.Table[1]).FirstChild = 0, "contents follow another; expected"),
        ["a child of another parent"] = (s => s.ContentOf(s.First.Table[0]).FirstChild = s.Index.ContentOf(s.First.Table[2]), "stands among those that follow"),
        ["a sibling that points back to nobody's brother"] = (s => s.ContentOf(s.First.Table[1]).PreviousSibling = 1, "follows sibling"),
        ["a count of contents"] = (s => Set(s.Index.Contents, "Count", s.Index.Contents.Count + 1), "contents can be found; the count says"),
        ["a namespace with a user too many"] = (s => s.Index.Roots.Acquire(KvNamespace.Default), "Namespaces have"),
        ["a published flag lost by the pool"] = (s => s.Pool.SetPublished(s.Cached, published: false), "published by the pool False"),
        ["a published flag lost by the index"] = (s => s.Index.Forget(s.Cached, []), "by the index False"),
        ["a table that lists a block twice"] = (s => s.Waiting.Table.Replace(1, s.Waiting.Table[0]), "lists a block twice"),
        ["a table with a block that was never handed out"] = (s => s.Waiting.Table.Replace(1, 39), "never handed out"),
        ["a table longer than the capacity"] = (s => s.Waiting.Table.Shrink(2), "blocks but a capacity of"),
        ["a length below what is computed"] = (s => Set(s.Third, "Length", 5), "out of order"),
        ["a length beyond the capacity"] = (s => Set(s.Third, "Length", 500), "out of order"),
        ["a computed length that is not published"] = (s => Set(s.First, "ComputedLength", 7), "computed 7 tokens and published 4"),
        ["a block to be written that is published"] = (s => Set(s.First, "ComputedLength", 15), "will write to block"),
        ["a sequence in another's place"] = (s => s.Second.OpenIndex = 0, "of the open ones but says"),
        ["a disposed sequence among the open"] = (s => Set(s.Second, "IsDisposed", true), "disposed but listed as open"),
        ["a page table row that is stale"] = (s => s.Allocator.Step.Table.WholeRow(1)[2] += 1, "differs from the blocks of sequence"),
        ["a page table row with a tail"] = (s => s.Allocator.Step.Table.WholeRow(0)[10] = 3, "beyond its"),
        ["a retired block that nobody waits for"] = (s => s.Pool.Entries[s.Retired].Pending = 0, "is retired 1 times; its entry says 0"),
        ["a retired block that no step speaks for"] = (LoseSegment, "their steps speak for"),
        ["more blocks used than there are"] = (s => Set(s.Pool, "<Capacity>k__BackingField", 5), "blocks were used; the pool has"),
    };

    private static void MisplaceIdle(IntegrityState state) =>
        ((LeastRecentlyUsed)state.Pool.Idle).Slots[state.Cached] += 1;

    private static void LoseBucketEntry(IntegrityState state)
    {
        ContentTree contents = state.Index.Contents;
        contents.Buckets[contents.BucketOf(state.ContentOf(state.Cached).Hash)] = ContentTree.None;
    }

    private static void LoseSegment(IntegrityState state)
    {
        Queue<int> blocks = (Queue<int>)Get(state.Ledger.Retired, "_blocks");
        blocks.Enqueue(state.Retired);
    }
}
