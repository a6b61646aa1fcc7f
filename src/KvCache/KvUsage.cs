namespace KvCache;

/// <summary>How an allocator's memory is used at one moment. Every block is in exactly one state.</summary>
/// <param name="TotalBlocks">All blocks.</param>
/// <param name="CachedBlocks">Blocks that no sequence owns and that a later prompt can still find.</param>
/// <param name="OwnedBlocks">Blocks that at least one open sequence owns.</param>
/// <param name="InTransferBlocks">
/// Blocks given back whose last reader's fence had not passed when the allocator last looked, which it does whenever memory is
/// asked for and at both ends of a step.
/// </param>
/// <param name="OpenSequences">Sequences not disposed yet, suspended ones among them.</param>
/// <param name="BlockBytes">Bytes of one block: tokens per block × bytes per token.</param>
public readonly record struct KvUsage(
    int TotalBlocks, int CachedBlocks, int OwnedBlocks, int InTransferBlocks, int OpenSequences, long BlockBytes)
{
    /// <summary>Gets the blocks that hold nothing.</summary>
    public int FreeBlocks => TotalBlocks - CachedBlocks - OwnedBlocks - InTransferBlocks;

    /// <summary>Gets the blocks that can be handed out now: free and cached ones.</summary>
    public int AvailableBlocks => FreeBlocks + CachedBlocks;

    /// <summary>Gets the bytes of all blocks.</summary>
    public long TotalBytes => checked(TotalBlocks * BlockBytes);

    /// <summary>Gets the bytes of the free blocks.</summary>
    public long FreeBytes => checked(FreeBlocks * BlockBytes);

    /// <summary>Gets the bytes of the cached blocks.</summary>
    public long CachedBytes => checked(CachedBlocks * BlockBytes);

    /// <summary>Gets the bytes of the owned blocks.</summary>
    public long OwnedBytes => checked(OwnedBlocks * BlockBytes);

    /// <summary>Gets the bytes of the blocks in transfer.</summary>
    public long InTransferBytes => checked(InTransferBlocks * BlockBytes);
}
