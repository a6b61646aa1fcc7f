using KvCache.Memory;
using KvCache.Specs.Devices;
using Xunit;

namespace KvCache.Specs;

/// <summary>An allocator under test with an engine's habits around it; on disposal it proves that nothing has leaked.</summary>
public sealed class CacheFixture(IKvAllocator allocator, DeviceMemory memory) : IDisposable
{
    private readonly Dictionary<KvSequence, KvNamespace> _sequences = [];
    private bool _closed;

    public IKvAllocator Allocator => allocator;

    public KvUsage Usage => allocator.Usage;

    public StampedMemory Stamped { get; } = new(memory);

    public int Layers => allocator.Geometry.LayerCount;

    public KvSequence Open(ReadOnlySpan<int> prompt, KvNamespace? identity = null, int reserve = 0)
    {
        KvSequenceOptions? options = identity is null ? null : new KvSequenceOptions { Namespace = identity };
        Assert.True(
            allocator.TryOpen(prompt, options, reserve, out KvSequence? sequence, out KvRefusal refusal),
            $"A prompt of {prompt.Length} tokens was refused: {refusal}; {Usage}");
        Assert.Equal(KvRefusal.None, refusal);
        return Track(sequence, identity ?? KvNamespace.Default);
    }

    /// <summary>Opens a sequence and computes its whole prompt.</summary>
    public KvSequence OpenComputed(ReadOnlySpan<int> prompt, KvNamespace? identity = null)
    {
        KvSequence sequence = Open(prompt, identity);
        Compute(sequence);
        return sequence;
    }

    public void Append(KvSequence sequence, params ReadOnlySpan<int> tokens) =>
        Assert.True(sequence.TryAppend(tokens, out KvRefusal refusal), $"Appending {tokens.Length} tokens was refused: {refusal}; {Usage}");

    public KvSequence Fork(KvSequence parent, int length)
    {
        Assert.True(parent.TryFork(length, out KvSequence? child, out KvRefusal refusal), $"The fork was refused: {refusal}; {Usage}");
        return Track(child, _sequences[parent]);
    }

    /// <summary>Makes the leak check close a sequence that was opened elsewhere.</summary>
    public KvSequence Track(KvSequence sequence, KvNamespace identity)
    {
        _sequences.Add(sequence, identity);
        return sequence;
    }

    /// <summary>Computes all tokens not computed yet, in one step.</summary>
    public void Compute(params ReadOnlySpan<KvSequence> sequences)
    {
        KvRow[] rows = new KvRow[sequences.Length];
        for (int row = 0; row < rows.Length; row++)
        {
            rows[row] = new KvRow(sequences[row], sequences[row].Length - sequences[row].ComputedLength);
        }

        using KvStep step = allocator.BeginStep(rows);
        Write(step, rows);
        step.Complete();
    }

    /// <summary>Computes the next tokens of one sequence.</summary>
    public void Compute(KvSequence sequence, int count)
    {
        KvRow[] rows = [new KvRow(sequence, count)];
        using KvStep step = allocator.BeginStep(rows);
        Write(step, rows);
        step.Complete();
    }

    /// <summary>Writes what the step computes, in all layers.</summary>
    public void Write(KvStep step, ReadOnlySpan<KvRow> rows, KvFence? elsewhere = null)
    {
        for (int layer = 0; layer < Layers; layer++)
        {
            KvLayerView view = step.Enter(layer);
            for (int row = 0; row < rows.Length; row++)
            {
                Stamped.WriteComputed(view, row, Chain(rows[row].Sequence));
            }

            Leave(step, layer, elsewhere);
        }
    }

    /// <summary>Leaves a layer behind the device's work, or behind work elsewhere.</summary>
    public static void Leave(KvStep step, int layer, KvFence? elsewhere)
    {
        if (elsewhere is { } fence)
        {
            step.Leave(layer, fence);
        }
        else
        {
            step.Leave(layer);
        }
    }

    public int[] Tokens(KvSequence sequence)
    {
        int[] tokens = new int[sequence.Length];
        sequence.CopyTokens(0, tokens);
        return tokens;
    }

    public ulong[] Chain(KvSequence sequence) => Stamps.Chain(_sequences[sequence], Tokens(sequence));

    /// <summary>Reads every computed position of the sequences back, in a step that computes nothing.</summary>
    public void Verify(params ReadOnlySpan<KvSequence> sequences)
    {
        KvRow[] rows = new KvRow[sequences.Length];
        for (int row = 0; row < rows.Length; row++)
        {
            rows[row] = new KvRow(sequences[row], 0);
        }

        using KvStep step = allocator.BeginStep(rows);
        for (int layer = 0; layer < Layers; layer++)
        {
            KvLayerView view = step.Enter(layer);
            for (int row = 0; row < rows.Length; row++)
            {
                Assert.Equal(sequences[row].ComputedLength, view.Lengths[row]);
                Stamped.Verify(view, row, Chain(sequences[row]).AsSpan(0, sequences[row].ComputedLength));
            }

            step.Leave(layer);
        }
    }

    /// <summary>Reads back every sequence that is open.</summary>
    public void VerifyAll() => Verify([.. _sequences.Keys.Where(sequence => !sequence.IsDisposed)]);

    /// <summary>How many leading tokens of a prompt would be found.</summary>
    public int Hit(ReadOnlySpan<int> prompt, KvNamespace? identity = null) =>
        allocator.Probe(prompt, identity is null ? null : new KvSequenceOptions { Namespace = identity }, 0).HitTokens;

    /// <summary>Opens unrelated sequences of one token each until the device is full.</summary>
    public List<KvSequence> FillUp()
    {
        List<KvSequence> filling = [];
        while (allocator.TryOpen([-1 - filling.Count], null, 0, out KvSequence? sequence, out KvRefusal refusal))
        {
            filling.Add(Track(sequence, KvNamespace.Default));
            Assert.Equal(KvRefusal.None, refusal);
        }

        return filling;
    }

    /// <summary>Everything that a refused request must leave as it was.</summary>
    public CacheSnapshot Snapshot(params ReadOnlySpan<int[]> prompts) =>
        CacheSnapshot.Take(allocator, [.. _sequences.Keys.Where(sequence => !sequence.IsDisposed)], prompts);

    /// <summary>Lets the device finish, and the allocator take notice.</summary>
    public void Settle()
    {
        (allocator.Device as LateFenceDevice)?.Steps.PassAll();
        allocator.Probe([], null, 0);
    }

    /// <summary>Closes the allocator as the test wants it, without the checks that need an open one.</summary>
    public void CloseAllocator()
    {
        _closed = true;
        allocator.Dispose();
    }

    public void Dispose()
    {
        if (!_closed)
        {
            CheckLeaks();
            CloseAllocator();
        }

        if (allocator.Device is LateFenceDevice late)
        {
            Assert.Equal(0, late.LiveArenas);
            Assert.False(late.GaveBackTooEarly, "Memory went back to the device while a step was running.");
        }
    }

    private void CheckLeaks()
    {
        allocator.CheckIntegrity();
        foreach (KvSequence sequence in _sequences.Keys)
        {
            sequence.Dispose();
        }

        Settle();
        Assert.Equal(0, Usage.OpenSequences);
        Assert.Equal(0, Usage.OwnedBlocks);
        Assert.Equal(0, Usage.InTransferBlocks);
        allocator.CheckIntegrity();
    }
}
