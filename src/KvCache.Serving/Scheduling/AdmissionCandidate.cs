namespace KvCache.Serving.Scheduling;

/// <summary>A waiting request, and what it would compute if it started in this step.</summary>
/// <param name="Request">The request.</param>
/// <param name="HitTokens">Leading tokens that it would find in the cache, or would have back from the host.</param>
/// <param name="Tokens">Tokens that the step would compute: what is left, or as much of it as the step has room for.</param>
public readonly record struct AdmissionCandidate(ServingRequest Request, int HitTokens, int Tokens);
