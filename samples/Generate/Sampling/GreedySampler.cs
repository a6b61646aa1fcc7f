namespace Generate.Sampling;

/// <summary>Always the token with the largest logit; the first of several.</summary>
internal sealed class GreedySampler : ITokenSampler
{
    public int Sample(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int token = 1; token < logits.Length; token++)
        {
            if (logits[token] > logits[best])
            {
                best = token;
            }
        }

        return float.IsFinite(logits[best])
            ? best
            : throw new GenerateException($"The largest logit is {logits[best]}, of token {best}; expected a finite number.");
    }
}
