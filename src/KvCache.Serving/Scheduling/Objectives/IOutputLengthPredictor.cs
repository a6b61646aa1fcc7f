namespace KvCache.Serving.Scheduling.Objectives;

/// <summary>Says how long a running request's answer is likely to become.</summary>
/// <remarks>
/// <para>What it says need not be consistent with how far the answer has come: who asks takes it that at least one token is missing, and
/// at most <see cref="ServingRequest.MaxTokens"/> come in all.</para>
/// <para>Threads: the scheduler's. Asked once per running request and step; must allocate nothing.</para>
/// </remarks>
public interface IOutputLengthPredictor
{
    /// <summary>Predicts the length of a whole answer.</summary>
    /// <param name="request">The request; its <see cref="ServingRequest.OutputLength"/> says how far it has come.</param>
    /// <returns>Its edges.</returns>
    OutputLengthRange Predict(ServingRequest request);

    /// <summary>A request has ended, and its answer is known.</summary>
    /// <param name="request">The request, finished.</param>
    void Observe(ServingRequest request)
    {
    }
}
