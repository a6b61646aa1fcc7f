using System.Collections.Concurrent;
using KvCache.Gpu.Cuda;
using KvCache.Gpu.Tests.Emulator;

namespace KvCache.Gpu.Tests.Cuda;

/// <summary>The text of every variant, compiled once for all tests.</summary>
internal static class TensorPtx
{
    private static readonly ConcurrentDictionary<TensorVariant, Lazy<string>> Texts = [];
    private static readonly ConcurrentDictionary<TensorVariant, Lazy<PtxKernel>> Kernels = [];

    /// <summary>Whether a variant of another block than the default is tested without <c>KVCACHE_SLOW_TESTS=1</c>: there are a hundred.</summary>
    public static bool IsTestedAlways(TensorVariant variant) =>
        Environment.GetEnvironmentVariable("KVCACHE_SLOW_TESTS") == "1" || variant.Name.Contains("128x8.Half", StringComparison.Ordinal);

    public static string Of(TensorVariant variant) =>
        Texts.GetOrAdd(variant, static variant => new(() => TensorCompiler.Compile(variant))).Value;

    public static PtxKernel Kernel(TensorVariant variant) =>
        Kernels.GetOrAdd(variant, static variant => new(() => new PtxKernel(Of(variant)))).Value;
}
