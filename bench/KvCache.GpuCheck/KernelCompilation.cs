using KvCache.Gpu.Cuda;

namespace KvCache.GpuCheck;

/// <summary>Compiles the kernels on tensor cores ahead of their use.</summary>
internal static class KernelCompilation
{
    public static int Run(GpuCheckOptions options, TextWriter output)
    {
        string folder = Path.GetFullPath(options.KernelFolder!);
        Directory.CreateDirectory(folder);
        PtxCache cache = new(folder);
        TensorVariant[] chosen = [.. TensorCatalog.All.Where(variant => options.Takes(variant.Name))];
        foreach (TensorVariant variant in chosen)
        {
            cache.Get(variant);
        }

        output.WriteLine($"{folder}: {chosen.Length} kernels, {cache.Compiled} of them compiled now.");
        return GpuCheckTool.Correct;
    }
}
