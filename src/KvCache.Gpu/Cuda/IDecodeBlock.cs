namespace KvCache.Gpu.Cuda;

/// <summary>How a block of a decode kernel is made up: a warp works on 16 positions at a time, and each has stages of its own.</summary>
internal interface IDecodeBlock
{
    /// <summary>Gets the warps; a block goes through as many times 16 positions at once.</summary>
    static abstract int Warps { get; }

    /// <summary>Gets the tiles of a warp that have a place in shared memory: one that is worked on, the others under way. 2 … 4.</summary>
    static abstract int Stages { get; }
}

/// <summary>Two warps of three stages.</summary>
internal readonly struct Warps2Stages3 : IDecodeBlock
{
    public static int Warps => 2;

    public static int Stages => 3;
}

/// <summary>Two warps of four stages.</summary>
internal readonly struct Warps2Stages4 : IDecodeBlock
{
    public static int Warps => 2;

    public static int Stages => 4;
}

/// <summary>Four warps of two stages.</summary>
internal readonly struct Warps4Stages2 : IDecodeBlock
{
    public static int Warps => 4;

    public static int Stages => 2;
}

/// <summary>Four warps of three stages.</summary>
internal readonly struct Warps4Stages3 : IDecodeBlock
{
    public static int Warps => 4;

    public static int Stages => 3;
}

/// <summary>Four warps of four stages.</summary>
internal readonly struct Warps4Stages4 : IDecodeBlock
{
    public static int Warps => 4;

    public static int Stages => 4;
}

/// <summary>Eight warps of two stages.</summary>
internal readonly struct Warps8Stages2 : IDecodeBlock
{
    public static int Warps => 8;

    public static int Stages => 2;
}
