using KvCache.Tiers;
using Xunit;

namespace KvCache.Specs.Model;

/// <content>Leaving for the host and coming back.</content>
internal sealed partial class ModelRun
{
    private void ExecuteOnSuspended(ModelSequence sequence, Command command)
    {
        switch (command.Kind)
        {
            case CommandKind.Suspend:
                Suspend(sequence);
                break;
            case CommandKind.Resume:
                Resume(sequence, command.Amount % 3 > 0 ? 0 : command.Salt % (sequence.Length + (2 * _blockTokens) + 1));
                break;
            case CommandKind.Close:
                Close(sequence);
                break;
            case CommandKind.Begin or CommandKind.ReadBack:
                int[] tokens = new int[sequence.Length];
                sequence.Handle.CopyTokens(0, tokens);
                Assert.Equal(sequence.Tokens, tokens);
                break;
            default:
                Assert.Throws<InvalidOperationException>(() => sequence.Handle.TryAppend([], out _));
                Assert.Throws<InvalidOperationException>(() => _allocator.BeginStep([new KvRow(sequence.Handle, 0)]));
                break;
        }
    }

    /// <summary>Resumes somebody, where the sequence picked is not suspended.</summary>
    private void ResumeAny(Command command)
    {
        if (_open.Find(static sequence => sequence.IsSuspended) is { } sequence)
        {
            ExecuteOnSuspended(sequence, command);
        }
    }

    private void Suspend(ModelSequence sequence)
    {
        if (sequence.InStep)
        {
            Assert.Throws<InvalidOperationException>(() => sequence.Handle.TrySuspend(out _));
            return;
        }

        Memory before = Remember();
        HostTier? tier = _allocator.HostTier;
        long room = (tier?.TotalBytes ?? 0) - (tier?.UsedBytes ?? 0);
        long needed = (sequence.Computed + _blockTokens - 1) / _blockTokens * before.Usage.BlockBytes;
        bool granted = sequence.Handle.TrySuspend(out KvRefusal refusal);
        _work.Forget();
        Assert.Equal(refusal == KvRefusal.None, granted);
        Assert.True(refusal != KvRefusal.OutOfHostMemory || tier is null || needed > room, $"{needed} bytes were refused where there are {room}.");
        if (refusal == KvRefusal.OutOfHostMemory)
        {
            _tally.Count(refusal);
        }
        else
        {
            CheckAnswer(before, refusal, 0, 0, 0);
        }

        if (granted && !sequence.IsSuspended)
        {
            sequence.IsSuspended = true;
            _tally.Suspended++;
        }

        sequence.Capacity = granted ? sequence.Length : sequence.Capacity;
    }

    private bool Resume(ModelSequence sequence, int capacity)
    {
        Memory before = Remember();
        bool granted = sequence.Handle.TryResume(capacity, out KvRefusal refusal);
        Assert.Equal(refusal == KvRefusal.None, granted);
        int target = Math.Max(capacity, sequence.Length);
        CheckAnswer(before, refusal, target, granted ? 0 : Blocks(target), spare: 0);
        if (granted)
        {
            Assert.True(sequence.Handle.Capacity >= target);
            sequence.IsSuspended = false;
            sequence.Capacity = sequence.Handle.Capacity;
            _tally.Resumed++;
        }

        return granted;
    }
}
