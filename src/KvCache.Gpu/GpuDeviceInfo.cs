using System.Globalization;

namespace KvCache.Gpu;

/// <summary>A device that can be opened.</summary>
/// <param name="Kind">What drives it.</param>
/// <param name="Ordinal">Its number among devices of the kind, from 0, in the driver's order.</param>
/// <param name="Name">Its name.</param>
/// <param name="MemoryBytes">All its memory, whether free or not; what the processor can address for the CPU accelerator.</param>
public sealed record GpuDeviceInfo(GpuDeviceKind Kind, int Ordinal, string Name, long MemoryBytes)
{
    /// <summary>Gets the name by which a command line asks for the device, such as <c>cuda:0</c> or <c>cpu-accelerator</c>.</summary>
    public string Selector => Kind switch
    {
        GpuDeviceKind.Cuda => string.Create(CultureInfo.InvariantCulture, $"cuda:{Ordinal}"),
        GpuDeviceKind.OpenCL => string.Create(CultureInfo.InvariantCulture, $"opencl:{Ordinal}"),
        _ => "cpu-accelerator",
    };

    /// <summary>Describes the device in one line.</summary>
    /// <returns>Selector, name and, for devices with memory of their own, its size.</returns>
    public override string ToString() => Kind == GpuDeviceKind.CpuAccelerator
        ? $"{Selector} ({Name})"
        : string.Create(CultureInfo.InvariantCulture, $"{Selector} ({Name}, {MemoryBytes / (double)(1L << 30):0.#} GiB)");
}
