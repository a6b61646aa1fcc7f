using Generate.Sampling;
using KvCache.Serving.Scheduling;

namespace Generate.Engine;

/// <summary>One text being generated: which it is, how its tokens are chosen, and what the scheduler knows of it.</summary>
internal sealed class Generation
{
    private readonly ITokenSampler _sampler;

    public Generation(GenerationRequest request, int prompt, int sample)
    {
        _sampler = request.Sampling.Create(sample);
        Prompt = prompt;
        Sample = sample;
        Request = new ServingRequest(request.Prompt, request.MaxTokens) { StopTokens = request.StopTokens, Tag = this };
    }

    /// <summary>Gets the number of the prompt, from 0.</summary>
    public int Prompt { get; }

    /// <summary>Gets which of the prompt's samples this is, from 0.</summary>
    public int Sample { get; }

    public ServingRequest Request { get; }

    /// <summary>Gets the prompt's other samples, until they are forked from this one.</summary>
    public List<Generation> Siblings { get; } = [];

    public static Generation Of(ServingRequest request) => (Generation)request.Tag!;

    /// <summary>Chooses the next token.</summary>
    public int Choose(ReadOnlySpan<float> logits) => _sampler.Sample(logits);

    /// <summary>Whether a token ends the text, and is no part of it.</summary>
    public bool IsStop(int token) => Request.StopTokens!.Contains(token);
}
