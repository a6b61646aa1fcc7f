namespace KvCache.Gpu.Kernels;

/// <summary>How many query heads a warp serves with every key and value that it loads.</summary>
internal interface IHeadCount
{
    static abstract int Count { get; }
}

/// <summary>One: a model without groups.</summary>
internal readonly struct OneHead : IHeadCount
{
    public static int Count => 1;
}

/// <summary>Two.</summary>
internal readonly struct TwoHeads : IHeadCount
{
    public static int Count => 2;
}

/// <summary>Four; larger groups are parted.</summary>
internal readonly struct FourHeads : IHeadCount
{
    public static int Count => 4;
}
