namespace Generate.Sampling;

/// <summary>Chooses the next token of one text.</summary>
internal interface ITokenSampler
{
    /// <summary>Chooses a token by its logit.</summary>
    int Sample(ReadOnlySpan<float> logits);
}
