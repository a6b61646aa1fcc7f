namespace KvCache.Gpu.Kernels;

/// <summary>How many times 64 elements of a value's sum a group of threads has in registers.</summary>
internal interface IValueWidth
{
    static abstract int Parts { get; }
}

/// <summary>Values of up to 64 elements.</summary>
internal readonly struct Width64 : IValueWidth
{
    public static int Parts => 1;
}

/// <summary>Values of up to 128 elements.</summary>
internal readonly struct Width128 : IValueWidth
{
    public static int Parts => 2;
}

/// <summary>Values of up to 256 elements.</summary>
internal readonly struct Width256 : IValueWidth
{
    public static int Parts => 4;
}
