using System.Globalization;

namespace KvCache.Specs.Model;

/// <summary>How long programs run and from which seed, by default and as the environment says.</summary>
public static class ModelSettings
{
    /// <summary>The seed of every run; <c>KVCACHE_MODEL_SEED</c> changes it.</summary>
    public static ulong Seed { get; } = Read("KVCACHE_MODEL_SEED", 20_260_101);

    /// <summary>Operations per kind of program, at least; <c>KVCACHE_MODEL_OPERATIONS</c> changes it.</summary>
    public static int Operations { get; } = (int)Read("KVCACHE_MODEL_OPERATIONS", 100_000);

    internal static ulong Read(string name, ulong otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text
            ? ulong.Parse(text, NumberStyles.Integer, CultureInfo.InvariantCulture)
            : otherwise;
}
