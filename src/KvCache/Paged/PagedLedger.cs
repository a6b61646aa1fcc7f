using KvCache.Blocks;
using KvCache.Diagnostics;
using KvCache.Memory;
using KvCache.Prefixes;

namespace KvCache.Paged;

/// <summary>The one set of books of a paged allocator: the pool, the tokens, the prefix index and what waits for fences.</summary>
internal sealed class PagedLedger : IDisposable
{
    private readonly bool _deduplicate;
    private readonly int _maxTokens;
    private readonly List<int> _forgotten = [];

    public PagedLedger(PagedKvAllocatorOptions options, int blockCount, AllocatorMeters meters, KvEventStream? events)
    {
        Pool = new BlockPool(
            blockCount,
            options.Eviction() ?? throw new ArgumentException("Eviction made no policy; expected a new one.", nameof(options)));
        Retired = new RetiredBlocks(Pool);
        BlockTokens = options.BlockTokens;
        Tokens = new TokenStore(BlockTokens, blockCount);
        Index = options.PrefixCaching
            ? new PrefixIndex(blockCount, Tokens, options.PrefixHash ?? new KeyedPrefixHash(), events)
            : null;
        Meters = meters;
        _deduplicate = options.Deduplicate;
        _maxTokens = options.MaxSequenceTokens;
    }

    public int BlockTokens { get; }

    public BlockPool Pool { get; }

    public RetiredBlocks Retired { get; }

    public TokenStore Tokens { get; }

    /// <summary>Gets the prefix index, or null where prefixes are not cached.</summary>
    public PrefixIndex? Index { get; }

    public AllocatorMeters Meters { get; }

    /// <summary>Gets or sets who hears of blocks that are taken, or null where nobody needs to.</summary>
    public BlockMemory? Listener { get; set; }

    public int BlocksFor(int tokens) => (int)(((long)tokens + BlockTokens - 1) / BlockTokens);

    /// <summary>The tokens for which so many blocks have room, within the limit of a sequence.</summary>
    public int CapacityOf(int blocks) => (int)Math.Min(_maxTokens, (long)blocks * BlockTokens);

    /// <summary>Plans the opening of a sequence. Changes nothing.</summary>
    /// <param name="prompt">The prompt.</param>
    /// <param name="identity">The namespace.</param>
    /// <param name="reserve">Tokens to make room for; 0 for the whole prompt.</param>
    /// <param name="matched">Receives the found blocks; room for all of the prompt's.</param>
    public AdmissionPlan Plan(ReadOnlySpan<int> prompt, KvNamespace identity, int reserve, Span<int> matched)
    {
        int wanted = reserve == 0 ? prompt.Length : reserve;
        int shareable = Math.Max(0, prompt.Length - 1) / BlockTokens;
        int hits = Index?.Match(identity, prompt, matched[..shareable]) ?? 0;
        int capacity = Math.Max(wanted, hits * BlockTokens);
        int length = Math.Min(prompt.Length, capacity);
        int added = BlocksFor(capacity) - hits;
        int revived = CountUnowned(matched[..hits]);
        KvRefusal refusal = RefusalFor(capacity, added, Pool.Available - revived);
        return new AdmissionPlan(refusal, hits, added, revived, length);
    }

    /// <summary>How many blocks would be taken from the available ones by sharing them.</summary>
    public int CountUnowned(ReadOnlySpan<int> blocks)
    {
        int unowned = 0;
        foreach (int block in blocks)
        {
            unowned += Pool.IsUnowned(block) ? 1 : 0;
        }

        return unowned;
    }

    /// <summary>Why a sequence cannot have so many tokens, for which so many blocks must be taken from so many; or none.</summary>
    public KvRefusal RefusalFor(int tokens, int added, int available) =>
        tokens > _maxTokens || BlocksFor(tokens) > Pool.Capacity ? KvRefusal.TooLong
        : added > available ? KvRefusal.OutOfDeviceMemory
        : KvRefusal.None;

    /// <summary>Makes sure that the tokens of so many more blocks have a place; where not, nothing has changed.</summary>
    public bool TryPrepare(int added) => Tokens.TryReach((int)Math.Min(Pool.Capacity, (long)Pool.HighWater + added));

    /// <summary>Takes blocks that were planned and prepared for, and forgets what was cached in them.</summary>
    public void Take(Span<int> blocks)
    {
        if (!Pool.TryTake(blocks))
        {
            Throw.InvalidOperation($"{blocks.Length} blocks were planned; {Pool.Available} are available.");
        }

        Meters.Evicted(UnpublishAll(blocks));
        Listener?.Taken(blocks);
    }

    /// <summary>Takes an owner from each block, last block first; while a step may read them they stay out of reach.</summary>
    public void Release(ReadOnlySpan<int> blocks) => Retired.Release(blocks);

    /// <summary>Publishes a full block of a sequence and answers the block to hold from now on: the same, or an equal one.</summary>
    /// <param name="block">The block.</param>
    /// <param name="parent">The block before it, or −1.</param>
    /// <param name="root">The sequence's namespace.</param>
    public int Publish(int block, int parent, PrefixRoot root)
    {
        bool giveUp = _deduplicate && Pool.IsExclusive(block);
        int published = Index!.Publish(block, parent, root, keepCopy: !giveUp);
        if (published < 0 || !giveUp)
        {
            Pool.SetPublished(block, published: true);
            return block;
        }

        Pool.AddReference([published]);
        Release([block]);
        Meters.Deduplicated();
        return published;
    }

    /// <summary>Forgets a published block, and what cannot be found without it.</summary>
    /// <returns>How many blocks were forgotten.</returns>
    public int Unpublish(int block)
    {
        _forgotten.Clear();
        Index!.Forget(block, _forgotten);
        foreach (int forgotten in _forgotten)
        {
            Pool.SetPublished(forgotten, published: false);
        }

        return _forgotten.Count;
    }

    /// <summary>Takes idle blocks out of use, next victims first, and forgets what was cached in them.</summary>
    public void SetAside(Span<int> blocks)
    {
        Pool.TakeIdle(blocks);
        Meters.Evicted(UnpublishAll(blocks));
        Pool.SetAside(blocks);
    }

    /// <summary>Forgets everything that is cached. No block may be owned.</summary>
    public void Clear()
    {
        foreach (int block in Pool.Idle.ToArray())
        {
            Pool.SetPublished(block, published: false);
        }

        Index?.Clear();
    }

    public void BeginStep()
    {
        Collect();
        Retired.BeginStep();
    }

    public void EndStep(KvFence fence)
    {
        Retired.EndStep(fence);
        Collect();
    }

    /// <summary>Lets go of the blocks that have no step to wait for any more.</summary>
    public void Collect()
    {
        if (Retired.Count > 0)
        {
            Retired.Collect();
        }
    }

    public void Dispose() => Tokens.Dispose();

    private int UnpublishAll(ReadOnlySpan<int> blocks)
    {
        int published = 0;
        foreach (int block in blocks)
        {
            if (Pool.IsPublished(block))
            {
                published += Unpublish(block);
            }
        }

        return published;
    }
}
