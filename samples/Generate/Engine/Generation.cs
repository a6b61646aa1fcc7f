using System.Runtime.InteropServices;
using Generate.Sampling;
using KvCache;

namespace Generate.Engine;

/// <summary>One text being generated: its tokens, which it keeps, and its sequence in the cache, which it may lose.</summary>
internal sealed class Generation
{
    private readonly GenerationRequest _request;
    private readonly ITokenSampler _sampler;
    private readonly List<int> _tokens;

    public Generation(GenerationRequest request, int prompt, int sample, int age)
    {
        _request = request;
        _sampler = request.Sampling.Create(sample);
        _tokens = [.. request.Prompt];
        Prompt = prompt;
        Sample = sample;
        Age = age;
    }

    /// <summary>Gets the number of the prompt, from 0.</summary>
    public int Prompt { get; }

    /// <summary>Gets which of the prompt's samples this is, from 0.</summary>
    public int Sample { get; }

    /// <summary>Gets its place in the order of arrival: who is smaller goes first, and is preempted last.</summary>
    public int Age { get; }

    /// <summary>Gets the tokens known so far, those of the prompt first.</summary>
    public ReadOnlySpan<int> Tokens => CollectionsMarshal.AsSpan(_tokens);

    /// <summary>Gets the most positions that it can come to need in the cache: the last token is never computed.</summary>
    public int MostPositions => (int)Math.Min(int.MaxValue, (long)_request.Prompt.Length + _request.MaxTokens - 1);

    public int Generated => _tokens.Count - _request.Prompt.Length;

    public bool IsFinished { get; private set; }

    /// <summary>Gets or sets the memory of its keys and values; null while it waits for some.</summary>
    public KvSequence? Sequence { get; set; }

    /// <summary>Gets the prompt's other samples, until they are forked from this one.</summary>
    public List<Generation> Siblings { get; } = [];

    /// <summary>Chooses the next token.</summary>
    /// <returns>The token; null where the text ended instead.</returns>
    public int? Continue(ReadOnlySpan<float> logits)
    {
        int token = _sampler.Sample(logits);
        if (_request.StopTokens.Contains(token))
        {
            IsFinished = true;
            return null;
        }

        _tokens.Add(token);
        IsFinished = Generated == _request.MaxTokens;
        return token;
    }

    /// <summary>Gives its memory back.</summary>
    public void Release()
    {
        Sequence?.Dispose();
        Sequence = null;
    }
}
