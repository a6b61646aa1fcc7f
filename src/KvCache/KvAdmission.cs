namespace KvCache;

/// <summary>What opening a sequence would need and find, as <see cref="IKvAllocator.Probe"/> answers it.</summary>
/// <param name="Refusal">Why the sequence would be refused, or <see cref="KvRefusal.None"/>.</param>
/// <param name="HitTokens">Leading tokens of the prompt whose keys and values are cached.</param>
/// <param name="NewBlocks">Blocks that would be taken beyond the cached ones.</param>
/// <param name="RevivedBlocks">Cached blocks of the prefix that no sequence owns now; they would leave the available ones too.</param>
public readonly record struct KvAdmission(KvRefusal Refusal, int HitTokens, int NewBlocks, int RevivedBlocks);
