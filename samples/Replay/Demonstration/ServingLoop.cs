using System.Runtime.InteropServices;
using KvCache;
using KvCache.Paged;

namespace Replay.Demonstration;

/// <summary>A small engine's loop: admit what fits, run a step over all running turns, append a token to each, close the finished.</summary>
/// <remarks>When memory runs out the turn admitted last is closed and begins again when there is room (preemption).</remarks>
internal sealed class ServingLoop
{
    private readonly PagedKvAllocator _allocator;
    private readonly Workload _workload;
    private readonly int _maxRunning;
    private readonly LinkedList<Turn> _waiting;
    private readonly HashSet<Turn> _admittedBefore = new(ReferenceEqualityComparer.Instance);
    private readonly List<RunningTurn> _running = [];
    private readonly List<KvRow> _rows = [];

    public ServingLoop(PagedKvAllocator allocator, Workload workload, int maxRunning)
    {
        _allocator = allocator;
        _workload = workload;
        _maxRunning = maxRunning;
        _waiting = new LinkedList<Turn>(workload.Turns);
    }

    public ServingTotals Totals { get; } = new();

    /// <summary>Serves all turns.</summary>
    /// <param name="finished">Called with the number of turns that a step has finished.</param>
    public void Run(Action<int> finished)
    {
        while (_waiting.Count + _running.Count > 0)
        {
            Admit();
            RunStep();
            finished(CloseFinished());
            Advance();
        }
    }

    private void Admit()
    {
        while (_running.Count < _maxRunning && _waiting.First?.Value is Turn turn && IsAnswered(turn))
        {
            Totals.ManagerTime.Start();
            bool opened = _allocator.TryOpen(
                _workload.Prompt(turn), options: null, reserve: 0, out KvSequence? sequence, out KvRefusal refusal);
            Totals.ManagerTime.Stop();
            if (!opened)
            {
                Refuse(turn, refusal);
                return;
            }

            _waiting.RemoveFirst();
            _running.Add(new RunningTurn(turn, sequence!));
            if (_admittedBefore.Add(turn))
            {
                Totals.AddPrompt(turn.PromptLength, sequence!.HitLength);
            }
        }
    }

    /// <summary>Whether the turn before it in the same conversation has ended.</summary>
    private bool IsAnswered(Turn turn) =>
        !_running.Exists(running => running.Turn.Conversation == turn.Conversation);

    private void RunStep()
    {
        _rows.Clear();
        long emptySlots = 0;
        foreach (RunningTurn running in _running)
        {
            foreach (KvSequence sequence in running.Sequences)
            {
                _rows.Add(new KvRow(sequence, sequence.UncomputedLength));
                emptySlots += sequence.Capacity - sequence.Length;
            }
        }

        Totals.AddWaste(emptySlots, (long)_allocator.Usage.OwnedBlocks * _allocator.BlockTokens);
        Totals.ManagerTime.Start();
        using KvStep step = _allocator.BeginStep(CollectionsMarshal.AsSpan(_rows));
        step.Complete();
        Totals.ManagerTime.Stop();
    }

    private int CloseFinished()
    {
        int finished = 0;
        for (int i = _running.Count - 1; i >= 0; i--)
        {
            if (_running[i].IsFinished)
            {
                Close(i);
                finished++;
            }
        }

        return finished;
    }

    private void Advance()
    {
        for (int i = 0; i < _running.Count; i++)
        {
            while (i < _running.Count && !TryAdvance(_running[i]))
            {
                Refuse(_running[i].Turn, KvRefusal.OutOfDeviceMemory);
                _waiting.AddFirst(_running[^1].Turn);
                Close(_running.Count - 1);
            }
        }
    }

    private bool TryAdvance(RunningTurn running)
    {
        Totals.ManagerTime.Start();
        bool advanced = running.TryAdvance(_workload);
        Totals.ManagerTime.Stop();
        return advanced;
    }

    private void Close(int index)
    {
        RunningTurn running = _running[index];
        _running.RemoveAt(index);
        foreach (KvSequence sequence in running.Sequences)
        {
            Totals.Blocks += sequence.Capacity / _allocator.BlockTokens;
        }

        Totals.ManagerTime.Start();
        running.Close();
        Totals.ManagerTime.Stop();
    }

    /// <summary>Counts a refusal; a turn that is refused while no other runs would be refused for ever.</summary>
    private void Refuse(Turn turn, KvRefusal refusal)
    {
        Totals.Refusals++;
        if (_running.TrueForAll(running => running.Turn == turn))
        {
            throw new ReplayException(
                $"A turn of {turn.PromptLength + turn.AnswerLength} tokens does not fit {_allocator.Usage.TotalBlocks} blocks ({refusal}).");
        }
    }
}
