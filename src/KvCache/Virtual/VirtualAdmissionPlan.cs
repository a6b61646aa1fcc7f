namespace KvCache.Virtual;

/// <summary>What opening a sequence takes: made once, by the same code for the probe and for the opening.</summary>
/// <param name="Refusal">Why not, or none.</param>
/// <param name="HitBlocks">Blocks of the prompt found in the cache.</param>
/// <param name="SharedGroups">Whole groups among them, which are mapped as they are.</param>
/// <param name="PartialTokens">Tokens found beyond those, which fill a part of a group.</param>
/// <param name="TakesOver">Whether the group that holds the part becomes the sequence's own; otherwise the part is copied.</param>
/// <param name="NewGroups">Groups to take.</param>
/// <param name="RevivedGroups">Found groups that are idle now and get an owner.</param>
/// <param name="Length">Tokens of the prompt that the sequence takes in.</param>
internal readonly record struct VirtualAdmissionPlan(
    KvRefusal Refusal, int HitBlocks, int SharedGroups, int PartialTokens, bool TakesOver, int NewGroups, int RevivedGroups, int Length);
