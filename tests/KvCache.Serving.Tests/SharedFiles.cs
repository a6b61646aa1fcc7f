using Xunit;

namespace KvCache.Serving.Tests;

/// <summary>Finds the traces and reference results that lie beside the repository.</summary>
internal static class SharedFiles
{
    /// <summary>The path of a shared file; the test is skipped where there is none.</summary>
    public static string Find(string relativePath)
    {
        string? shared = Environment.GetEnvironmentVariable("KVCACHE_SHARED") ?? BesideRepository();
        string path = Path.Combine(shared ?? "", relativePath);
        if (shared is null || !File.Exists(path))
        {
            Assert.Skip($"{relativePath} is neither in ../shared nor in the folder that KVCACHE_SHARED names.");
        }

        return path;
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
