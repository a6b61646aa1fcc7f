namespace KvCache.Serving.CostModels;

/// <summary>What a step computes for one request.</summary>
/// <param name="Tokens">Positions that the step computes; at least 1.</param>
/// <param name="Context">Positions computed before the step: what the new ones attend to beside themselves.</param>
/// <param name="IsDecode">
/// Whether the row continues an answer: one token, after which all tokens of the request are computed, and they are more
/// than its prompt. Every other row is prefill, recomputation after a preemption included.
/// </param>
/// <param name="Samples">Whether the row yields a token: after the step all tokens of the request are computed.</param>
public readonly record struct RowWork(int Tokens, int Context, bool IsDecode, bool Samples);
