using Generate.Model;
using KvCache;

namespace Generate.Engine;

/// <summary>Feeds given tokens, some at a time, and hands on the logits of every position.</summary>
internal sealed class LogitsFeed(Transformer model, IKvAllocator allocator, int chunk)
{
    private readonly StepBatch _batch = new();

    /// <summary>Feeds several sequences in one batch.</summary>
    /// <param name="sequences">The tokens of each.</param>
    /// <param name="receive">Is given the number of a sequence and the logits of its next positions, [positions][vocabulary].</param>
    /// <exception cref="GenerateException">They do not fit into the cache together.</exception>
    public void Run(IReadOnlyList<int[]> sequences, Action<int, ReadOnlySpan<float>> receive)
    {
        KvSequence[] open = [.. sequences.Select(_ => Open())];
        for (int start = 0; start < sequences.Max(static tokens => tokens.Length); start += chunk)
        {
            List<(int Sequence, int Count)> rows = [];
            _batch.Clear();
            for (int i = 0; i < open.Length; i++)
            {
                int count = Math.Min(chunk, sequences[i].Length - start);
                if (count > 0)
                {
                    ReadOnlySpan<int> tokens = sequences[i].AsSpan(start, count);
                    Append(open[i], tokens);
                    _batch.Add(open[i], tokens, withLogits: count);
                    rows.Add((i, count));
                }
            }

            Compute(rows, receive);
        }

        Array.ForEach(open, static sequence => sequence.Dispose());
    }

    private void Compute(List<(int Sequence, int Count)> rows, Action<int, ReadOnlySpan<float>> receive)
    {
        using KvStep step = allocator.BeginStep(_batch.Rows);
        ReadOnlySpan<float> logits = model.Forward(step, _batch);
        step.Complete();
        if (_batch.Rows.ToArray().Any(static row => row.Sequence.IsLost))
        {
            throw new GenerateException("Keys and values were lost to copies that failed; feed the tokens again.");
        }

        foreach ((int sequence, int count) in rows)
        {
            int length = count * model.Shape.VocabularySize;
            receive(sequence, logits[..length]);
            logits = logits[length..];
        }
    }

    private KvSequence Open() => allocator.TryOpen([], options: null, reserve: 0, out KvSequence? sequence, out KvRefusal refusal)
        ? sequence
        : throw new GenerateException($"A sequence was refused: {refusal}.");

    private void Append(KvSequence sequence, ReadOnlySpan<int> tokens)
    {
        if (!sequence.TryAppend(tokens, out KvRefusal refusal))
        {
            long room = (long)allocator.Usage.TotalBlocks * allocator.BlockTokens;
            throw new GenerateException(
                $"The cache has room for {room} positions, which is too little for what is fed: {refusal}. Give more memory.");
        }
    }
}
