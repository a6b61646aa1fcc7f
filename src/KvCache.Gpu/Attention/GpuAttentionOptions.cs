namespace KvCache.Gpu.Attention;

/// <summary>How a <see cref="GpuAttention"/> works. The defaults suit engines.</summary>
public sealed record GpuAttentionOptions
{
    private readonly string? _kernelCacheFolder = DefaultKernelCacheFolder;

    /// <summary>Gets the defaults.</summary>
    public static GpuAttentionOptions Default { get; } = new();

    /// <summary>Gets where compiled kernels are kept by default: <c>kvcache/kernels</c> below the user's folder for caches.</summary>
    /// <value><c>$XDG_CACHE_HOME</c> or <c>~/.cache</c> on Linux, <c>%LOCALAPPDATA%</c> on Windows; null for a user who has no such folder.</value>
    public static string? DefaultKernelCacheFolder { get; } = FindCacheFolder();

    /// <summary>Gets whether the kernels on tensor cores are used where the device and the shape have them.</summary>
    /// <value>True by default. Their results are near those of the other kernels, with a relative error of some 10⁻³ rather than 10⁻⁶:
    /// queries and softmax weights are rounded to the cache's element type.</value>
    public bool TensorCores { get; init; } = true;

    /// <summary>Gets the folder in which compiled kernels are kept for later processes; null for none.</summary>
    /// <value><see cref="DefaultKernelCacheFolder"/> by default.</value>
    /// <remarks>What lies there is code for the GPU: nobody else should be able to write to it. It may be deleted at any time, and shared by
    /// processes. A file that is damaged, or of another build, is not used and written anew; a folder that cannot be written to is done without.</remarks>
    /// <exception cref="ArgumentException">The value is empty, or no path.</exception>
    public string? KernelCacheFolder
    {
        get => _kernelCacheFolder;
        init => _kernelCacheFolder = value is null ? null : Path.GetFullPath(value);
    }

    private static string? FindCacheFolder()
    {
        string root = OperatingSystem.IsWindows()
            ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
            : Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } named ? named
            : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) is { Length: > 0 } home ? Path.Combine(home, ".cache")
            : "";
        return Path.IsPathFullyQualified(root) ? Path.Combine(root, "kvcache", "kernels") : null;
    }
}
