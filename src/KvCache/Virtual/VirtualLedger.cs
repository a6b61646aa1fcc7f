using System.Runtime.InteropServices;
using KvCache.Blocks;
using KvCache.Diagnostics;
using KvCache.Prefixes;

namespace KvCache.Virtual;

/// <summary>The books of a virtual allocator: groups and who owns them, and in groups the blocks that can be found.</summary>
/// <remarks>
/// <para>Memory is owned, shared and given back by groups; prefixes are found by blocks. Block <c>i</c> of a group has the number
/// group × blocks per group + <c>i</c>, and holds the positions that stand <c>i</c> blocks into the group, wherever the group is mapped.</para>
/// <para>The published blocks of a group are its first ones and follow one another: a sequence publishes in order of position, and what
/// forgets a block forgets those behind it. So whoever finds a group's last block has found the whole group.</para>
/// </remarks>
internal sealed class VirtualLedger : IDisposable
{
    private readonly VacantFirst _idle;
    private readonly List<int> _forgotten = [];
    private readonly int _maxTokens;
    private int[] _published = [];

    public VirtualLedger(VirtualKvAllocatorOptions options, ChunkPlan plan, int groupCount, int maxTokens, AllocatorMeters meters, KvEventStream? events)
    {
        _idle = new VacantFirst(
            options.Eviction() ?? throw new ArgumentException("Eviction made no policy; expected a new one.", nameof(options)));
        Pool = new BlockPool(groupCount, _idle);
        _idle.IsPublished = Pool.IsPublished;
        Retired = new RetiredBlocks(Pool);
        BlockTokens = options.BlockTokens;
        GroupTokens = plan.GroupTokens;
        GroupBlocks = plan.GroupTokens / options.BlockTokens;
        int blockCount = groupCount * GroupBlocks;
        Tokens = new TokenStore(BlockTokens, blockCount);
        Index = options.PrefixCaching ? new PrefixIndex(blockCount, Tokens, options.PrefixHash ?? new KeyedPrefixHash(), events) : null;
        Meters = meters;
        _maxTokens = maxTokens;
    }

    public int BlockTokens { get; }

    public int GroupTokens { get; }

    /// <summary>Gets the blocks of a group.</summary>
    public int GroupBlocks { get; }

    /// <summary>Gets the groups, as a pool of blocks.</summary>
    public BlockPool Pool { get; }

    public RetiredBlocks Retired { get; }

    public TokenStore Tokens { get; }

    /// <summary>Gets the prefix index, or null where prefixes are not cached.</summary>
    public PrefixIndex? Index { get; }

    public AllocatorMeters Meters { get; }

    /// <summary>Gets or sets whether the system has refused memory: then idle groups are taken before memory is asked for again.</summary>
    public bool MemoryIsShort { get; set; }

    public int GroupsFor(int tokens) => (int)(((long)tokens + GroupTokens - 1) / GroupTokens);

    /// <summary>The tokens for which so many groups have room, within the limit of a sequence.</summary>
    public int CapacityOf(int groups) => (int)Math.Min(_maxTokens, (long)groups * GroupTokens);

    /// <summary>How many blocks of a group can be found: its first ones.</summary>
    public int PublishedBlocks(int group) => group < _published.Length ? _published[group] : 0;

    public bool IsBlockPublished(int block) => block % GroupBlocks < PublishedBlocks(block / GroupBlocks);

    /// <summary>Plans the opening of a sequence. Changes nothing.</summary>
    /// <param name="prompt">The prompt.</param>
    /// <param name="identity">The namespace.</param>
    /// <param name="reserve">Tokens to make room for; 0 for the whole prompt.</param>
    /// <param name="matched">Receives the found blocks; room for all of the prompt's.</param>
    public VirtualAdmissionPlan Plan(ReadOnlySpan<int> prompt, KvNamespace identity, int reserve, Span<int> matched)
    {
        int wanted = reserve == 0 ? prompt.Length : reserve;
        int shareable = Math.Max(0, prompt.Length - 1) / BlockTokens;
        int hits = Index?.Match(identity, prompt, matched[..shareable]) ?? 0;
        (int shared, int partial) = Math.DivRem(hits, GroupBlocks);
        int capacity = Math.Max(wanted, hits * BlockTokens);
        int added = GroupsFor(capacity) - shared;
        int revived = 0;
        for (int i = 0; i < shared; i++)
        {
            revived += Pool.IsUnowned(SharedGroup(matched, i)) ? 1 : 0;
        }

        int available = Pool.Available - revived;
        bool takesOver = partial > 0 && Pool.IsUnowned(matched[hits - 1] / GroupBlocks)
            && (added >= available || PublishedBlocks(matched[hits - 1] / GroupBlocks) == partial);
        KvRefusal refusal = RefusalFor(capacity, added, available);
        return new VirtualAdmissionPlan(
            refusal, hits, shared, partial * BlockTokens, takesOver, added - (takesOver ? 1 : 0), revived + (takesOver ? 1 : 0), Math.Min(prompt.Length, capacity));
    }

    /// <summary>The group whose last block stands at a group's end among the found blocks: it holds them all.</summary>
    public int SharedGroup(ReadOnlySpan<int> matched, int index) => matched[((index + 1) * GroupBlocks) - 1] / GroupBlocks;

    /// <summary>Why a sequence cannot have so many tokens, for which so many groups must be taken from so many; or none.</summary>
    public KvRefusal RefusalFor(int tokens, int added, int available) =>
        tokens > _maxTokens || GroupsFor(tokens) > Pool.Capacity ? KvRefusal.TooLong
        : added > available ? KvRefusal.OutOfDeviceMemory
        : KvRefusal.None;

    /// <summary>Makes sure that the tokens of so many more groups have a place; where not, nothing has changed.</summary>
    public bool TryPrepare(int added) => Tokens.TryReach((int)Math.Min(Pool.Capacity, (long)Pool.HighWater + added) * GroupBlocks);

    /// <summary>Takes groups that were planned and prepared for. What is cached in them stays until <see cref="Forget"/>.</summary>
    public void Take(Span<int> groups)
    {
        int idle = Math.Min(groups.Length, MemoryIsShort ? _idle.Count - _idle.ExpectedCount : _idle.VacantCount);
        Pool.TakeIdle(groups[..idle]);
        if (!Pool.TryTake(groups[idle..]))
        {
            Throw.InvalidOperation($"{groups.Length} groups were planned; {Pool.Available} are available.");
        }
    }

    /// <summary>Takes a group that nobody has a use for yet, not one that another sequence expects.</summary>
    public bool TryTakeAhead(out int group)
    {
        group = -1;
        if (Pool.Available <= _idle.ExpectedCount || !TryPrepare(1))
        {
            return false;
        }

        Span<int> taken = stackalloc int[1];
        Take(taken);
        group = taken[0];
        return true;
    }

    /// <summary>Takes an idle group, which has memory, but not one that a sequence expects.</summary>
    public bool TryTakeIdle(out int group)
    {
        Span<int> taken = stackalloc int[Math.Min(1, _idle.Count - _idle.ExpectedCount)];
        Pool.TakeIdle(taken);
        group = taken.IsEmpty ? -1 : taken[0];
        return !taken.IsEmpty;
    }

    /// <summary>Sets an idle group that holds nothing apart for the sequence behind which it is mapped.</summary>
    public void Expect(int group) => _idle.Expect(group);

    /// <summary>Ends <see cref="Expect"/>, where the group is still idle.</summary>
    public void Unexpect(int group) => _idle.Unexpect(group);

    /// <summary>Whether a group is expected behind a sequence.</summary>
    public bool IsExpected(int group) => _idle.IsExpected(group);

    /// <summary>Ends <see cref="Expect"/>, because the system has refused it. Without memory, an idle group becomes unused.</summary>
    public void GiveUpExpected(int group, bool created)
    {
        Unexpect(group);
        MemoryIsShort |= !created;
        if (!created && Pool.IsUnowned(group))
        {
            Pool.AddReference([group]);
            Pool.SetAside([group]);
        }
    }

    /// <summary>Publishes a full block of a sequence; its group keeps it whether it is a copy or not.</summary>
    /// <param name="block">The block.</param>
    /// <param name="parent">The block before it, or −1.</param>
    /// <param name="root">The sequence's namespace.</param>
    public void Publish(int block, int parent, PrefixRoot root)
    {
        Index!.Publish(block, parent, root, keepCopy: true);
        int group = block / GroupBlocks;
        if (group >= _published.Length)
        {
            Array.Resize(ref _published, (int)Math.Min(Pool.Capacity, Math.Max(64L, Math.Max(group + 1L, _published.Length * 2L))));
        }

        _published[group]++;
        Pool.SetPublished(group, published: true);
    }

    /// <summary>Forgets the published blocks of a group from one on, and what cannot be found without them.</summary>
    /// <returns>How many blocks were forgotten.</returns>
    public int Forget(int group, int kept = 0)
    {
        int before = _forgotten.Count;
        for (int last = PublishedBlocks(group) - 1; last >= kept; last = PublishedBlocks(group) - 1)
        {
            Index!.Forget((group * GroupBlocks) + last, _forgotten);
            foreach (int block in CollectionsMarshal.AsSpan(_forgotten)[before..])
            {
                int holder = block / GroupBlocks;
                Pool.SetPublished(holder, --_published[holder] > 0);
            }

            before = _forgotten.Count;
        }

        int forgotten = _forgotten.Count;
        _forgotten.Clear();
        return forgotten;
    }

    /// <summary>Gives up what was cached in groups that are taken for something else.</summary>
    public void Evict(ReadOnlySpan<int> groups)
    {
        foreach (int group in groups)
        {
            Meters.Evicted(Forget(group));
        }
    }

    /// <summary>Forgets everything that is cached. No group may be owned.</summary>
    public void Clear()
    {
        foreach (int group in Pool.Idle.ToArray())
        {
            // Out and in again: what holds nothing stands with the vacant groups.
            bool published = Pool.IsPublished(group);
            Pool.AddReference([group]);
            Pool.SetPublished(group, published: false);
            Pool.Release([group]);
            if (published)
            {
                _published[group] = 0;
            }
        }

        Index?.Clear();
    }

    public void Dispose() => Tokens.Dispose();
}
