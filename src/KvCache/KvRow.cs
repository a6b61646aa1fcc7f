namespace KvCache;

/// <summary>One row of a step: a sequence and how many of its next positions the step computes.</summary>
/// <param name="Sequence">The sequence. A sequence stands in at most one row of a step.</param>
/// <param name="TokenCount">
/// How many positions, from <see cref="KvSequence.ComputedLength"/> on; 0 … Length − ComputedLength.
/// </param>
public readonly record struct KvRow(KvSequence Sequence, int TokenCount);
