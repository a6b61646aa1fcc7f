using Xunit;

namespace KvCache.Specs.Model;

/// <content>What must hold after every command, and what an answer may be.</content>
internal sealed partial class ModelRun
{
    private static readonly int[][] Watched = [[0, 0, 0, 0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0, 0]];

    private void CheckBooks()
    {
        _allocator.CheckIntegrity();
        KvUsage usage = _allocator.Usage;
        Assert.Equal(_open.Count, usage.OpenSequences);
        Assert.True(usage is { FreeBlocks: >= 0, CachedBlocks: >= 0, OwnedBlocks: >= 0, InTransferBlocks: >= 0 }, $"{usage}");
        int held = 0;
        foreach (ModelSequence sequence in _open)
        {
            KvSequence handle = sequence.Handle;
            held += sequence.IsSuspended ? 0 : Blocks(handle.Capacity);
            Assert.Equal(sequence.IsSuspended, handle.IsSuspended);
            Assert.Equal((sequence.Computed, sequence.Length), (handle.ComputedLength, handle.Length));
            Assert.Equal(sequence.Capacity, handle.Capacity);
        }

        Assert.True(usage.OwnedBlocks <= held, $"{usage.OwnedBlocks} blocks are owned by sequences that hold {held}.");
    }

    /// <summary>Hits are whole blocks that some completed step computed; what an open sequence holds is always found.</summary>
    private void CheckHit(int[] prompt, KvNamespace identity, int hit)
    {
        int shareable = Math.Max(0, prompt.Length - 1) / _blockTokens * _blockTokens;
        Assert.True(hit % _blockTokens == 0 && hit <= shareable, $"A hit of {hit} tokens is not whole blocks below {prompt.Length}.");
        Assert.True(_prefixCaching || hit == 0);
        ulong[] chain = Stamps.Chain(identity, prompt);
        for (int end = _blockTokens; end <= hit; end += _blockTokens)
        {
            Assert.True(_published.Contains(chain[end - 1]), $"The first {end} tokens were found but never computed.");
        }

        foreach (ModelSequence sequence in _open)
        {
            if (_prefixCaching && sequence.Identity == identity && !sequence.IsSuspended)
            {
                int common = Math.Min(Math.Min(sequence.CommonPrefix(prompt), sequence.Computed), shareable);
                Assert.True(hit >= common / _blockTokens * _blockTokens, $"A hit of {hit} tokens missed an open sequence with {common}.");
            }
        }
    }

    /// <summary>A grant must have been possible; a refusal must have been necessary and have changed nothing.</summary>
    /// <remarks>A failed copy spoils its destination, so that something cached there is no longer found.</remarks>
    /// <param name="before">What the allocator said before.</param>
    /// <param name="refusal">Its answer.</param>
    /// <param name="target">Tokens that the sequence would have.</param>
    /// <param name="blocks">Blocks that must be available.</param>
    /// <param name="spare">Blocks that may be needed besides, for a copy.</param>
    private void CheckAnswer(Memory before, KvRefusal refusal, int target, int blocks, int spare)
    {
        _tally.Count(refusal);
        KvUsage usage = before.Usage;
        switch (refusal)
        {
            case KvRefusal.None:
                Assert.True(blocks <= usage.AvailableBlocks + usage.InTransferBlocks, $"{blocks} blocks were granted from {usage}");
                break;
            case KvRefusal.TooLong:
                Assert.True(Blocks(target) > usage.TotalBlocks, $"{target} tokens are too long for {usage}");
                break;
            case KvRefusal.OutOfDeviceMemory:
                Assert.True(blocks + spare > usage.AvailableBlocks, $"{blocks} + {spare} blocks were refused from {usage}");
                break;
            default:
                Assert.True(refusal == KvRefusal.TransferFailed && _copiesFail, $"Refused: {refusal}");
                _copiesFail = false;
                break;
        }

        if (refusal != KvRefusal.None)
        {
            Memory after = Remember();
            Assert.True(before.Hits == after.Hits || refusal == KvRefusal.TransferFailed, "A refusal changed what is found.");
            Assert.Equal(usage.OwnedBlocks, after.Usage.OwnedBlocks);
            Assert.Equal(
                usage.AvailableBlocks + usage.InTransferBlocks, after.Usage.AvailableBlocks + after.Usage.InTransferBlocks);
        }
    }

    private void ProbeTwice(Command command)
    {
        int[] prompt = Prompt(command);
        KvNamespace identity = Namespaces[command.Pick % 2];
        KvSequenceOptions options = new() { Namespace = identity };
        int reserve = command.Pick % (_blockTokens + 1);
        KvAdmission first = _allocator.Probe(prompt, options, reserve);
        KvUsage usage = _allocator.Usage;
        CheckHit(prompt, identity, first.HitTokens);
        Assert.Equal(first, _allocator.Probe(prompt, options, reserve));
        Assert.Equal(usage, _allocator.Usage);
    }

    private void Clear()
    {
        bool cleared = _allocator.TryClear();
        Assert.True(!cleared || _open.Count == 0, "The cache was cleared from under open sequences.");
        Assert.True(cleared || _open.Count > 0 || _allocator.Usage.InTransferBlocks > 0, "Nothing stood in the way of clearing.");
        if (cleared)
        {
            _published.Clear();
            Assert.Equal(_allocator.Usage.TotalBlocks, _allocator.Usage.FreeBlocks);
        }
    }

    /// <summary>The blocks of the memory that so many tokens take.</summary>
    private int Blocks(int tokens) => (tokens + _groupTokens - 1) / _groupTokens * (_groupTokens / _blockTokens);

    private Memory Remember() => new(
        _allocator.Usage,
        (_allocator.Probe(Watched[0], null, 0).HitTokens, _allocator.Probe(Watched[1], null, 0).HitTokens));

    /// <summary>What an allocator said of itself before a request.</summary>
    private readonly record struct Memory(KvUsage Usage, (int, int) Hits);
}
