using KvCache.Gpu;

namespace KvCache.GpuCheck;

/// <summary>What is checked, on which device, and where the report goes.</summary>
/// <param name="Kind">What drives the device.</param>
/// <param name="Ordinal">Its number among those.</param>
/// <param name="List">Whether only to say what would be checked.</param>
/// <param name="Quick">Whether to measure few shapes, each a few times.</param>
/// <param name="Only">Texts, one of which a check's name has; empty for all.</param>
/// <param name="Folder">Where the files of the report go.</param>
internal sealed record GpuCheckOptions(
    GpuDeviceKind Kind, int Ordinal, bool List, bool Quick, IReadOnlyList<string> Only, string Folder)
{
    /// <summary>Gets whether to measure choices of the kernels on tensor cores instead of checking.</summary>
    public bool Tune { get; init; }

    /// <summary>Gets where to compile the kernels on tensor cores to, instead of checking; null not to.</summary>
    public string? KernelFolder { get; init; }

    public bool Takes(string name) =>
        Only.Count == 0 || Only.Any(text => name.Contains(text, StringComparison.OrdinalIgnoreCase));
}
