using KvCache.Memory;
using KvCache.Specs.Devices;
using Xunit;

namespace KvCache.Specs.Model;

/// <content>Steps over any rows, written to through the views and read back in later ones.</content>
internal sealed partial class ModelRun
{
    private const ulong Garbage = 0xBAD0_BAD0_BAD0_BAD0;
    private readonly List<(ModelSequence Sequence, int Count, ulong[] Chain)> _rows = [];
    private KvStep _step;

    private void Begin(Command command)
    {
        if (_step.IsOpen)
        {
            Assert.Throws<InvalidOperationException>(() => _allocator.BeginStep([]));
            return;
        }

        Random random = new(command.Salt);
        foreach (ModelSequence sequence in _open)
        {
            if (random.Next(4) > 0)
            {
                int pending = sequence.Length - sequence.Computed;
                int count = random.Next(3) > 0 ? pending : random.Next(pending + 1);
                _rows.Insert(random.Next(_rows.Count + 1), (sequence, count, [.. sequence.Chain]));
            }
        }

        BeginRows();
        for (int row = command.Amount % 3; row < _rows.Count; row += 1 + (command.Pick % 3))
        {
            VerifyRow(row);
        }
    }

    private void BeginRows()
    {
        KvRow[] rows = [.. _rows.Select(row => new KvRow(row.Sequence.Handle, row.Count))];
        _step = _allocator.BeginStep(rows);
        KvLayerView view = _step.Enter(0);
        Assert.Equal((rows.Length, rows.Sum(row => row.TokenCount)), (view.RowCount, view.TokenCount));
        for (int row = 0; row < rows.Length; row++)
        {
            _rows[row].Sequence.InStep = true;
            Assert.Equal(_rows[row].Sequence.Computed + rows[row].TokenCount, view.Lengths[row]);
            Assert.Equal(rows[row].TokenCount, view.QueryOffsets[row + 1] - view.QueryOffsets[row]);
        }

        if (ChecksAddresses)
        {
            _work.Begin(view, rows);
        }
    }

    private void VerifyRow(int row)
    {
        _tally.ReadTokens += _rows[row].Sequence.Computed;
        for (int layer = 0; layer < _allocator.Geometry.LayerCount; layer++)
        {
            KvLayerView view = _step.Enter(layer);
            _stamped.Verify(view, row, _rows[row].Chain.AsSpan(0, view.Lengths[row] - _rows[row].Count));
            _step.Leave(layer, default);
        }
    }

    /// <summary>Writes as late as can be, also for sequences closed meanwhile, whose memory must still be theirs.</summary>
    private void End(bool completed, bool elsewhere = false)
    {
        if (!_step.IsOpen)
        {
            return;
        }

        KvFence? fence = elsewhere && _late is not null ? _elsewhere.Issue() : null;
        for (int layer = 0; layer < _allocator.Geometry.LayerCount; layer++)
        {
            KvLayerView view = _step.Enter(layer);
            for (int row = 0; row < _rows.Count; row++)
            {
                ulong[] chain = _rows[row].Chain;
                _stamped.WriteComputed(view, row, completed ? chain : [.. chain.Select(stamp => stamp ^ Garbage)]);
            }

            CacheFixture.Leave(_step, layer, fence);
        }

        if (!completed)
        {
            _step.Dispose();
        }
        else if (fence is { } own)
        {
            _step.Complete(own);
        }
        else
        {
            _step.Complete();
        }

        _tally.Steps += completed ? 1 : 0;
        EndRows(completed, fence);
    }

    private void EndRows(bool completed, KvFence? fence = null)
    {
        foreach ((ModelSequence sequence, int count, ulong[] _) in _rows)
        {
            sequence.InStep = false;
            if (completed && !sequence.Handle.IsDisposed)
            {
                sequence.Computed += count;
                _tally.ComputedTokens += count;
                for (int end = _blockTokens; end <= sequence.Computed; end += _blockTokens)
                {
                    _published.Add(sequence.Chain[end - 1]);
                }
            }
        }

        _rows.Clear();
        if (ChecksAddresses)
        {
            _work.End(fence ?? new KvFence(_late!.Steps, _late.Steps.Issued));
        }
    }

    /// <summary>Reads all computed positions of some sequences in a step of their own, unless one is open.</summary>
    private void ReadBack(List<ModelSequence> sequences)
    {
        if (_step.IsOpen)
        {
            return;
        }

        _rows.AddRange(sequences.Select(sequence => (sequence, 0, sequence.Chain.ToArray())));
        BeginRows();
        for (int row = 0; row < sequences.Count; row++)
        {
            VerifyRow(row);
            int[] tokens = new int[sequences[row].Length];
            sequences[row].Handle.CopyTokens(0, tokens);
            Assert.Equal(sequences[row].Tokens, tokens);
        }

        _step.Dispose();
        EndRows(completed: false);
    }

    /// <summary>Lets some fences pass, or all: the device's, or those of the engine's own work elsewhere.</summary>
    private void Pass(int count, int which)
    {
        LateTimeline? timeline = which % 3 == 1 ? _elsewhere : _late?.Steps;
        for (int i = 0; i < count; i++)
        {
            timeline?.PassNext();
        }

        if (count == 0)
        {
            timeline?.PassAll();
        }

        _work.Forget();
    }
}
