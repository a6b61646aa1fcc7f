namespace KvCache.Paged;

/// <summary>What opening a sequence takes: made once, by the same code for the probe and for the opening.</summary>
/// <param name="Refusal">Why not, or none.</param>
/// <param name="HitBlocks">Blocks of the prompt found in the cache.</param>
/// <param name="NewBlocks">Blocks to take.</param>
/// <param name="RevivedBlocks">Found blocks that are idle now.</param>
/// <param name="Length">Tokens of the prompt that the sequence takes in.</param>
internal readonly record struct AdmissionPlan(
    KvRefusal Refusal, int HitBlocks, int NewBlocks, int RevivedBlocks, int Length);
