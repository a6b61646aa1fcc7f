using Xunit;

namespace KvCache.Specs.Model;

/// <content>Opening, growing, shrinking, forking, closing.</content>
internal sealed partial class ModelRun
{
    private void Open(Command command)
    {
        int[] prompt = Prompt(command);
        KvNamespace identity = Namespaces[command.Pick % 5 == 0 ? 1 : 0];
        KvSequenceOptions options = new() { Namespace = identity };
        int reserve = command.Pick % 3 == 0 ? command.Salt % (prompt.Length + (2 * _blockTokens) + 1) : 0;
        KvAdmission admission = _allocator.Probe(prompt, options, reserve);
        CheckHit(prompt, identity, admission.HitTokens);
        Memory before = Remember();
        bool opened = _allocator.TryOpen(prompt, options, reserve, out KvSequence? handle, out KvRefusal refusal);
        bool copyFailed = refusal == KvRefusal.TransferFailed && admission.HitTokens % _groupTokens > 0;
        Assert.True(admission.Refusal == refusal || (admission.Refusal == KvRefusal.None && copyFailed), $"{refusal} after {admission}");
        Assert.Equal(refusal == KvRefusal.None, opened);
        int wanted = Math.Max(reserve == 0 ? prompt.Length : reserve, admission.HitTokens);
        CheckAnswer(before, refusal, wanted, BlocksToOpen(wanted, admission), spare: 0);
        if (handle is null)
        {
            return;
        }

        Assert.Equal(admission.HitTokens, handle.HitLength);
        ModelSequence sequence = new(handle, identity) { Computed = admission.HitTokens };
        sequence.Append(prompt.AsSpan(0, Math.Min(prompt.Length, wanted)));
        Assert.True(handle.Capacity >= wanted);
        _open.Add(sequence);
        _tally.Opened++;
        _tally.HitTokens += handle.HitLength;
    }

    /// <summary>Found memory is shared whole; a found part of it is copied, or taken over and then not new.</summary>
    private int BlocksToOpen(int wanted, KvAdmission admission)
    {
        int added = Blocks(wanted) - Blocks(admission.HitTokens / _groupTokens * _groupTokens);
        int takenOver = added - admission.NewBlocks;
        Assert.True(
            takenOver == 0 || (takenOver == _groupTokens / _blockTokens && admission.HitTokens % _groupTokens > 0),
            $"{added} blocks are needed beside what is shared; the probe said {admission}.");
        return added + admission.RevivedBlocks - takenOver;
    }

    /// <summary>A prompt of its own, or what a sequence had that is open or was closed lately, and something more.</summary>
    private int[] Prompt(Command command)
    {
        int[] fresh = Tokens(command.Amount % ((4 * _blockTokens) + 3), command.Salt);
        IReadOnlyList<int>? before = (command.Salt % 4) switch
        {
            0 when _open.Count > 0 => _open[command.Salt % _open.Count].Tokens,
            1 => _earlier[command.Salt / 4 % _earlier.Length],
            _ => null,
        };
        return before is null ? fresh : [.. before, .. fresh.Take(1 + (command.Amount % 3))];
    }

    private void Append(ModelSequence sequence, int[] tokens)
    {
        Memory before = Remember();
        bool granted = sequence.Handle.TryAppend(tokens, out KvRefusal refusal);
        Assert.Equal(refusal == KvRefusal.None, granted);
        CheckGrowth(before, sequence, sequence.Length + tokens.Length, refusal);
        if (granted)
        {
            sequence.Append(tokens);
        }
    }

    private void Reserve(ModelSequence sequence, int capacity)
    {
        Memory before = Remember();
        bool granted = sequence.Handle.TryReserve(capacity, out KvRefusal refusal);
        Assert.Equal(refusal == KvRefusal.None, granted);
        CheckGrowth(before, sequence, capacity, refusal);
        Assert.True(!granted || sequence.Handle.Capacity >= capacity);
    }

    private void CheckGrowth(Memory before, ModelSequence sequence, int target, KvRefusal refusal)
    {
        int added = Math.Max(0, Blocks(target) - Blocks(sequence.Handle.Capacity));
        bool tail = sequence.Length % _groupTokens > 0;
        CheckAnswer(before, refusal, target, refusal == KvRefusal.None ? 0 : added, spare: tail ? Blocks(1) : 0);
        if (refusal != KvRefusal.None)
        {
            Assert.True(added > 0 || tail, "Growth within the capacity was refused though no shared tail stood in the way.");
        }

        sequence.Capacity = sequence.Handle.Capacity;
    }

    private void Truncate(ModelSequence sequence, int length)
    {
        if (sequence.InStep)
        {
            Assert.Throws<InvalidOperationException>(() => sequence.Handle.Truncate(length));
            return;
        }

        sequence.Handle.Truncate(length);
        sequence.Truncate(length);
        sequence.Capacity = sequence.Handle.Capacity;
    }

    private void Fork(ModelSequence parent, int length)
    {
        if (parent.InStep)
        {
            Assert.Throws<InvalidOperationException>(() => parent.Handle.TryFork(length, out _, out _));
            return;
        }

        Memory before = Remember();
        int computed = Math.Min(length, parent.Computed);
        bool granted = parent.Handle.TryFork(length, out KvSequence? handle, out KvRefusal refusal);
        Assert.Equal(refusal == KvRefusal.None, granted);
        CheckAnswer(before, refusal, length, Blocks(length) - Blocks(computed), spare: computed % _groupTokens > 0 ? Blocks(1) : 0);
        if (handle is null)
        {
            return;
        }

        ModelSequence child = new(handle, parent.Identity) { Computed = computed };
        child.Append(parent.Tokens.ToArray().AsSpan(0, length));
        _open.Add(child);
    }

    private void Close(ModelSequence sequence)
    {
        sequence.Handle.Dispose();
        _open.Remove(sequence);
        _earlier[sequence.Length % _earlier.Length] = [.. sequence.Tokens];
        Assert.Throws<ObjectDisposedException>(() => sequence.Handle.Truncate(0));
    }
}
