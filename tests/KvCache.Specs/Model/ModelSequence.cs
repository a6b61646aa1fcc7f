namespace KvCache.Specs.Model;

/// <summary>What the model knows of a sequence: its tokens, and how many of them have been computed.</summary>
internal sealed class ModelSequence(KvSequence handle, KvNamespace identity)
{
    private readonly List<int> _tokens = [];
    private readonly List<ulong> _chain = [];

    public KvSequence Handle => handle;

    public KvNamespace Identity => identity;

    public int Computed { get; set; }

    public int Length => _tokens.Count;

    /// <summary>Gets or sets what the sequence could hold when it was last asked to change.</summary>
    public int Capacity { get; set; } = handle.Capacity;

    public bool InStep { get; set; }

    public bool IsSuspended { get; set; }

    public List<int> Tokens => _tokens;

    /// <summary>The stamp of every position.</summary>
    public List<ulong> Chain => _chain;

    public void Append(ReadOnlySpan<int> tokens)
    {
        ulong stamp = _chain.Count > 0 ? _chain[^1] : Stamps.Root(identity);
        foreach (int token in tokens)
        {
            _tokens.Add(token);
            _chain.Add(stamp = Stamps.Next(stamp, token));
        }
    }

    public void Truncate(int length)
    {
        _tokens.RemoveRange(length, _tokens.Count - length);
        _chain.RemoveRange(length, _chain.Count - length);
        Computed = Math.Min(Computed, length);
    }

    public int CommonPrefix(ReadOnlySpan<int> prompt)
    {
        int common = 0;
        while (common < Length && common < prompt.Length && _tokens[common] == prompt[common])
        {
            common++;
        }

        return common;
    }
}
