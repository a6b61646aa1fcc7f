using System.Runtime.InteropServices;
using KvCache;

namespace Generate.Model;

/// <summary>What a step computes: rows of the cache, their tokens and positions, and which of these need logits.</summary>
internal sealed class StepBatch
{
    private readonly List<KvRow> _rows = [];
    private readonly List<int> _tokens = [];
    private readonly List<int> _positions = [];
    private readonly List<int> _withLogits = [];

    public ReadOnlySpan<KvRow> Rows => CollectionsMarshal.AsSpan(_rows);

    public ReadOnlySpan<int> Tokens => CollectionsMarshal.AsSpan(_tokens);

    public ReadOnlySpan<int> Positions => CollectionsMarshal.AsSpan(_positions);

    /// <summary>Gets the indices of the tokens whose logits are needed.</summary>
    public ReadOnlySpan<int> WithLogits => CollectionsMarshal.AsSpan(_withLogits);

    public void Clear()
    {
        _rows.Clear();
        _tokens.Clear();
        _positions.Clear();
        _withLogits.Clear();
    }

    /// <summary>Adds a row: a sequence and its next tokens, of which the last so many need logits.</summary>
    public void Add(KvSequence sequence, ReadOnlySpan<int> tokens, int withLogits)
    {
        _rows.Add(new KvRow(sequence, tokens.Length));
        for (int i = 0; i < tokens.Length; i++)
        {
            if (i >= tokens.Length - withLogits)
            {
                _withLogits.Add(_tokens.Count);
            }

            _tokens.Add(tokens[i]);
            _positions.Add(sequence.ComputedLength + i);
        }
    }
}
