namespace KvCache.Layerwise;

/// <summary>What a frame of the device holds.</summary>
internal enum FrameUse : byte
{
    /// <summary>Nothing.</summary>
    Free,

    /// <summary>A page that stays.</summary>
    Kept,

    /// <summary>A page that is here for the open step.</summary>
    Staged,

    /// <summary>A page on its way out: its copy, or work that reads it, has not been seen to end.</summary>
    Leaving,
}
