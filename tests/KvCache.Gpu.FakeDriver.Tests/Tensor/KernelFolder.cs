using KvCache.Gpu.Attention;

namespace KvCache.Gpu.FakeDriver.Tests.Tensor;

/// <summary>Where the tests' processes keep compiled kernels: each is compiled once for all tests, and gone afterwards.</summary>
internal static class KernelFolder
{
    private static readonly Lazy<string> Folder = new(Create);

    public static GpuAttentionOptions Options => new() { KernelCacheFolder = Folder.Value };

    private static string Create()
    {
        string folder = Directory.CreateTempSubdirectory("kvcache-kernels-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        return folder;
    }
}
