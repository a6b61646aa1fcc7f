using System.Runtime.InteropServices;

namespace Replay.Demonstration;

/// <summary>What is replayed: conversations, each as all its tokens, and their turns interleaved in order of arrival.</summary>
internal sealed class Workload(IReadOnlyList<List<int>> conversations, IReadOnlyList<Turn> turns)
{
    public IReadOnlyList<Turn> Turns { get; } = turns;

    /// <summary>Gets how many blocks all turns together could ever take: with so many, nothing is evicted.</summary>
    public int BlocksOfAllTurns(int blockTokens) => checked((int)Turns.Sum(
        turn => (long)turn.Samples * ((turn.PromptLength + turn.AnswerLength + blockTokens - 1) / blockTokens)));

    public ReadOnlySpan<int> Prompt(Turn turn) =>
        CollectionsMarshal.AsSpan(conversations[turn.Conversation])[..turn.PromptLength];

    /// <summary>Gets a token of a turn's answer; the samples of one turn answer differently.</summary>
    public int AnswerToken(Turn turn, int sample, int index) =>
        conversations[turn.Conversation][turn.PromptLength + index] + (sample * WorkloadGenerator.Vocabulary);
}
