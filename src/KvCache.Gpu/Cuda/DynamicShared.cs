namespace KvCache.Gpu.Cuda;

/// <summary>The shared memory of which a launch says how much there is.</summary>
internal static class DynamicShared
{
    /// <summary>The variable's name, as inline assembly refers to it.</summary>
    public const string Name = "kvcache_shared";
    private const string Anchor = ".address_size 64";

    /// <summary>Declares the variable in a kernel's PTX; ILGPU has no way to.</summary>
    public static string Declare(string ptx) =>
        ptx.Replace(Anchor, $"{Anchor}\n.extern .shared .align 128 .b8 {Name}[];", StringComparison.Ordinal);
}
