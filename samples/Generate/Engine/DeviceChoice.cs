using System.Globalization;
using KvCache.Gpu;

namespace Generate.Engine;

/// <summary>A device as the command line names it.</summary>
/// <param name="Kind">What drives it; null for the processor.</param>
/// <param name="Ordinal">Its number among devices of the kind.</param>
internal readonly record struct DeviceChoice(GpuDeviceKind? Kind, int Ordinal)
{
    /// <summary>What there is to choose from, for messages.</summary>
    public const string Names = "cpu, cpu-accelerator, cuda or cuda:N";

    /// <summary>Reads a device's name.</summary>
    public static bool TryParse(string name, out DeviceChoice choice)
    {
        const string Numbered = "cuda:";
        int ordinal = 0;
        GpuDeviceKind? kind = name switch
        {
            "cpu-accelerator" => GpuDeviceKind.CpuAccelerator,
            "cuda" => GpuDeviceKind.Cuda,
            _ when name.StartsWith(Numbered, StringComparison.Ordinal)
                && int.TryParse(name.AsSpan(Numbered.Length), NumberStyles.None, CultureInfo.InvariantCulture, out ordinal) => GpuDeviceKind.Cuda,
            _ => null,
        };
        choice = new DeviceChoice(kind, ordinal);
        return kind is not null || name == "cpu";
    }
}
