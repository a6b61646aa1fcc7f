using KvCache;

namespace Generate.CommandLine;

/// <summary>How keys and values are stored, by the names of the option.</summary>
internal static class ElementTypes
{
    private static readonly Dictionary<string, KvElementType> Types = new()
    {
        ["f32"] = KvElementType.Float32,
        ["f16"] = KvElementType.Float16,
        ["bf16"] = KvElementType.BFloat16,
    };

    public static IReadOnlyList<string> Names { get; } = [.. Types.Keys];

    public static KvElementType Find(string name) => Types[name];
}
