using KvCache.Blocks;
using KvCache.Paged;
using KvCache.Prefixes;
using Xunit;

namespace KvCache.Tests.Scenarios;

/// <summary>One small paged allocator and the verbs in which a scenario is told. Its end is an integrity check.</summary>
internal sealed class Stage : IDisposable
{
    /// <summary>Two layers of one float per key and per value: enough to see whose bytes a position holds.</summary>
    public static readonly KvGeometry Geometry = KvGeometry.Create(
        layers: 2, kvHeads: 1, headDim: 1, KvElementType.Float32);

    public Stage(
        int blocks, int blockTokens = 16, bool deduplicate = true, PrefixHash? hash = null, int eventCapacity = 0)
        : this(new PagedKvAllocatorOptions
        {
            Geometry = Geometry,
            BlockCount = blocks,
            BlockTokens = blockTokens,
            Deduplicate = deduplicate,
            PrefixHash = hash ?? new KeyedPrefixHash(12345),
            EventCapacity = eventCapacity,
        })
    {
    }

    public Stage(PagedKvAllocatorOptions options) => Allocator = new PagedKvAllocator(options);

    public PagedKvAllocator Allocator { get; }

    public PagedLedger Ledger => Allocator.Ledger;

    public BlockPool Pool => Allocator.Ledger.Pool;

    public PrefixIndex Index => Allocator.Ledger.Index!;

    /// <summary>So many consecutive numbers.</summary>
    public static int[] Tokens(int first, int count) => [.. Enumerable.Range(first, count)];

    public static KvSequenceOptions In(KvNamespace? identity) =>
        identity is null ? KvSequenceOptions.Default : new KvSequenceOptions { Namespace = identity };

    public static int[] Blocks(KvSequence sequence) => ((PagedSequence)sequence).Table.Blocks.ToArray();

    public KvSequence Open(ReadOnlySpan<int> prompt, KvNamespace? identity = null, int reserve = 0)
    {
        bool opened = Allocator.TryOpen(prompt, In(identity), reserve, out KvSequence? sequence, out KvRefusal refusal);
        Assert.True(opened, $"refused: {refusal}");
        return sequence!;
    }

    /// <summary>Opens a sequence and computes its whole prompt, so that its full blocks are published.</summary>
    public KvSequence Prefill(ReadOnlySpan<int> prompt, KvNamespace? identity = null, int reserve = 0)
    {
        KvSequence sequence = Open(prompt, identity, reserve);
        Compute(sequence);
        return sequence;
    }

    /// <summary>Computes all that is left to compute, in one step.</summary>
    public void Compute(params ReadOnlySpan<KvSequence> sequences)
    {
        KvRow[] rows = new KvRow[sequences.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            rows[i] = new KvRow(sequences[i], sequences[i].Length - sequences[i].ComputedLength);
        }

        using KvStep step = Allocator.BeginStep(rows);
        step.Complete();
    }

    public void Append(KvSequence sequence, ReadOnlySpan<int> tokens)
    {
        Assert.True(sequence.TryAppend(tokens, out KvRefusal refusal), $"refused: {refusal}");
        Compute(sequence);
    }

    public void RunAndFinish(ReadOnlySpan<int> prompt, KvNamespace? identity = null) => Prefill(prompt, identity).Dispose();

    public int Hit(ReadOnlySpan<int> prompt, KvNamespace? identity = null) =>
        Allocator.Probe(prompt, In(identity), 0).HitTokens;

    /// <summary>How many leading tokens are published, the last one included: what the index knows, without the rule that one token is left.</summary>
    public int Known(ReadOnlySpan<int> tokens, KvNamespace? identity = null)
    {
        int[] blocks = new int[tokens.Length / Allocator.BlockTokens];
        return Index.Match(identity ?? KvNamespace.Default, tokens, blocks) * Allocator.BlockTokens;
    }

    /// <summary>The blocks in the order in which they would be handed out.</summary>
    public int[] FreeOrder()
    {
        Ledger.Collect();
        return
        [
            .. Enumerable.Range(Pool.HighWater, Pool.Capacity - Pool.HighWater),
            .. Pool.Trimmed,
            .. Pool.Idle.ToArray(),
        ];
    }

    public void Dispose()
    {
        Allocator.CheckIntegrity();
        Allocator.Dispose();
    }
}
