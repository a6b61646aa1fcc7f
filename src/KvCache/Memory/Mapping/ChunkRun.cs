namespace KvCache.Memory.Mapping;

/// <summary>Chunks of consecutive numbers in a list of chunks.</summary>
/// <param name="Offset">Where they begin in the list.</param>
/// <param name="First">The first one's number.</param>
/// <param name="Count">How many they are.</param>
internal readonly record struct ChunkRun(int Offset, int First, int Count)
{
    /// <summary>The run that begins at an index of a list.</summary>
    public static ChunkRun At(ReadOnlySpan<int> chunks, int offset)
    {
        int first = chunks[offset];
        int count = 1;
        while (offset + count < chunks.Length && chunks[offset + count] == first + count)
        {
            count++;
        }

        return new ChunkRun(offset, first, count);
    }
}
