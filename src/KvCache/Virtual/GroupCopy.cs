namespace KvCache.Virtual;

/// <summary>The first tokens of a group, to be copied into another; the default copies nothing.</summary>
/// <param name="Source">The group.</param>
/// <param name="Tokens">How many tokens.</param>
internal readonly record struct GroupCopy(int Source, int Tokens);
