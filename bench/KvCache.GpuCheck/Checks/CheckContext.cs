using KvCache.Gpu;
using KvCache.GpuCheck.Report;

namespace KvCache.GpuCheck.Checks;

/// <summary>What checks share.</summary>
/// <param name="Device">The device, opened with profiling.</param>
/// <param name="Quick">Whether to measure few shapes, each a few times.</param>
/// <param name="Report">Where results go.</param>
internal sealed record CheckContext(GpuDevice Device, bool Quick, CheckReport Report)
{
    /// <summary>Gets how many times a time is taken; the median counts.</summary>
    public int Rounds => Quick ? 5 : 25;

    /// <summary>Gets or sets the bytes that copies within the device read and write in a second, in GB/s; NaN before it is measured.</summary>
    public double CopyRoof { get; set; } = double.NaN;
}
