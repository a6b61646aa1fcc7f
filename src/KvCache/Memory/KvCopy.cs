namespace KvCache.Memory;

/// <summary>One piece of a copy.</summary>
/// <param name="Source">The first byte to read.</param>
/// <param name="Destination">The first byte to write; the two ranges do not overlap.</param>
/// <param name="Bytes">How many.</param>
public readonly record struct KvCopy(nint Source, nint Destination, long Bytes);
