using KvCache;

namespace Generate.Engine;

/// <summary>Texts that wait for memory, and the decision which of them gets some: the oldest, or none.</summary>
internal sealed class Admission(IKvAllocator allocator, EngineStatistics statistics)
{
    private readonly PriorityQueue<Generation, int> _waiting = new();

    public int Waiting => _waiting.Count;

    /// <summary>Lets a text wait.</summary>
    public void Enqueue(Generation generation) => _waiting.Enqueue(generation, generation.Age);

    /// <summary>Refuses what could not be finished even with all the memory to itself.</summary>
    /// <exception cref="GenerateException">The text may become longer than the memory.</exception>
    public void EnsureFits(Generation generation)
    {
        KvRefusal refusal = allocator.Probe(generation.Tokens, options: null, generation.MostPositions).Refusal;
        if (refusal == KvRefusal.TooLong)
        {
            long room = (long)allocator.Usage.TotalBlocks * allocator.BlockTokens;
            throw new GenerateException(
                $"Prompt {generation.Prompt + 1} has {generation.Tokens.Length} tokens and with those to generate up to " +
                $"{generation.MostPositions} positions; the cache has room for {room}. Give more memory, or ask for fewer tokens.");
        }
    }

    /// <summary>Opens as many waiting texts as there is memory for, the oldest first.</summary>
    /// <exception cref="GenerateException">Nothing runs, and still the first one gets no memory.</exception>
    public void Admit(RunningTexts running)
    {
        while (_waiting.TryPeek(out Generation? generation, out _) && !FindsMoreLater(generation, running))
        {
            // A block more than the known tokens, so that a newcomer is not preempted for the next one's sake right away.
            int reserve = Math.Min(generation.MostPositions, generation.Tokens.Length + allocator.BlockTokens);
            if (!allocator.TryOpen(generation.Tokens, options: null, reserve, out KvSequence? sequence, out KvRefusal refusal))
            {
                EnsureSomethingRuns(generation, running, refusal);
                return;
            }

            _waiting.Dequeue();
            generation.Sequence = sequence;
            statistics.HitTokens += sequence.HitLength;
            running.Add(generation);
        }
    }

    /// <summary>Whether a running text is just computing whole blocks that this one could share once they are there.</summary>
    private bool FindsMoreLater(Generation generation, RunningTexts running)
    {
        int most = (generation.Tokens.Length - 1) / allocator.BlockTokens * allocator.BlockTokens;
        int found = -1;
        foreach (Generation other in running)
        {
            int shared = Math.Min(most, generation.Tokens.CommonPrefixLength(other.Tokens) / allocator.BlockTokens * allocator.BlockTokens);
            if (shared > other.Sequence!.ComputedLength)
            {
                found = found >= 0 ? found : allocator.Probe(generation.Tokens, options: null, reserve: 0).HitTokens;
                if (shared > found)
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static void EnsureSomethingRuns(Generation generation, RunningTexts running, KvRefusal refusal)
    {
        if (running.Count == 0)
        {
            throw new GenerateException(
                $"Prompt {generation.Prompt + 1} was refused its {generation.Tokens.Length} tokens while nothing else runs: {refusal}.");
        }
    }
}
