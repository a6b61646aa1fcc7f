namespace KvCache.Gpu.Cuda;

/// <summary>How a tile of 16 positions lies in pages.</summary>
internal interface IPageWalk
{
    /// <summary>Gets whether a tile is always part of one page.</summary>
    static abstract bool IsWhole { get; }
}

/// <summary>Pages of 16 tokens or a multiple, or only one page to a row: a look-up for a tile.</summary>
internal readonly struct LargePages : IPageWalk
{
    public static bool IsWhole => true;
}

/// <summary>Pages of 2ⁿ tokens: a look-up for a position.</summary>
internal readonly struct SmallPages : IPageWalk
{
    public static bool IsWhole => false;
}
