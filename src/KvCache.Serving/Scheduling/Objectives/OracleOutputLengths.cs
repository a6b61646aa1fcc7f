namespace KvCache.Serving.Scheduling.Objectives;

/// <summary>Knows every answer's length: what prediction could bring at best, and right where every answer is as long as it may be.</summary>
/// <remarks>Stateless, if the function is.</remarks>
/// <param name="length">The length of a request's whole answer; null for <see cref="ServingRequest.MaxTokens"/>, which simulated requests reach.</param>
public sealed class OracleOutputLengths(Func<ServingRequest, int>? length = null) : IOutputLengthPredictor
{
    /// <inheritdoc/>
    public OutputLengthRange Predict(ServingRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        int tokens = length is null ? request.MaxTokens : length(request);
        return new OutputLengthRange(tokens, tokens);
    }
}
