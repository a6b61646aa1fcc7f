using KvCache;

namespace Replay.Demonstration;

/// <summary>A turn that has been admitted: its sequences, one for each sample, and how much of the answer there is.</summary>
internal sealed class RunningTurn(Turn turn, KvSequence first)
{
    private readonly List<KvSequence> _sequences = [first];

    public Turn Turn { get; } = turn;

    /// <summary>Gets the sequences; the first takes the conversation on.</summary>
    public IReadOnlyList<KvSequence> Sequences => _sequences;

    /// <summary>Gets whether the whole answer has been appended and computed.</summary>
    public bool IsFinished =>
        _sequences.Count == Turn.Samples &&
        _sequences.TrueForAll(sequence => sequence.ComputedLength == Turn.PromptLength + Turn.AnswerLength);

    /// <summary>Gives each sample its next token; a turn with several samples forks when its prompt is computed.</summary>
    /// <returns>False where the manager refused; the same call goes on from there later.</returns>
    public bool TryAdvance(Workload workload)
    {
        while (_sequences.Count < Turn.Samples)
        {
            if (!_sequences[0].TryFork(Turn.PromptLength, out KvSequence? fork, out _))
            {
                return false;
            }

            _sequences.Add(fork);
        }

        for (int sample = 0; sample < _sequences.Count; sample++)
        {
            KvSequence sequence = _sequences[sample];
            int index = sequence.Length - Turn.PromptLength;
            if (sequence.ComputedLength == sequence.Length && index < Turn.AnswerLength &&
                !sequence.TryAppend([workload.AnswerToken(Turn, sample, index)], out _))
            {
                return false;
            }
        }

        return true;
    }

    public void Close()
    {
        foreach (KvSequence sequence in _sequences)
        {
            sequence.Dispose();
        }
    }
}
