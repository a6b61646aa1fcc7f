using Xunit;

namespace Generate.Tests;

/// <summary>Finds the models that lie beside the repository.</summary>
internal static class SharedFiles
{
    public const string Stories = "models/stories260K/stories260K.gguf";

    /// <summary>The path of a shared file; the test is skipped where there is none.</summary>
    public static string Find(string relativePath)
    {
        string? path = TryFind(relativePath);
        Assert.SkipWhen(path is null, $"{relativePath} is neither in ../shared nor in the folder that KVCACHE_SHARED names.");
        return path!;
    }

    /// <summary>The path of a shared file, if there is one.</summary>
    public static string? TryFind(string relativePath)
    {
        string? shared = Environment.GetEnvironmentVariable("KVCACHE_SHARED") ?? BesideRepository();
        string path = Path.Combine(shared ?? "", relativePath);
        return shared is not null && File.Exists(path) ? path : null;
    }

    private static string? BesideRepository()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "KvCache.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.Parent is null ? null : Path.Combine(folder.Parent.FullName, "shared");
    }
}
