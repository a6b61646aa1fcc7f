using Generate.Model;

namespace Generate.Engine;

/// <summary>Chooses what a step computes: every running text's next token, and of longer stretches a chunk, the oldest first.</summary>
internal sealed class StepPlanner(int prefillChunk)
{
    private readonly List<Generation> _due = [];

    /// <summary>Gets what the step computes.</summary>
    public StepBatch Batch { get; } = new();

    /// <summary>Gets the texts whose next token follows from the step, in the order of the batch's logits.</summary>
    public IReadOnlyList<Generation> Due => _due;

    public int PrefillTokens { get; private set; }

    public int DecodeTokens { get; private set; }

    public void Plan(IReadOnlyList<Generation> running)
    {
        Batch.Clear();
        _due.Clear();
        PrefillTokens = 0;
        DecodeTokens = 0;
        foreach (Generation generation in running)
        {
            int known = generation.Sequence!.UncomputedLength;
            int count = known == 1 ? 1 : Math.Min(known, prefillChunk - PrefillTokens);
            if (count > 0)
            {
                Add(generation, count, isLast: count == known);
            }
        }
    }

    private void Add(Generation generation, int count, bool isLast)
    {
        int computed = generation.Sequence!.ComputedLength;
        Batch.Add(generation.Sequence, generation.Tokens.Slice(computed, count), withLogits: isLast ? 1 : 0);
        if (isLast)
        {
            _due.Add(generation);
        }

        if (generation.Sequence.UncomputedLength == 1)
        {
            DecodeTokens++;
        }
        else
        {
            PrefillTokens += count;
        }
    }
}
