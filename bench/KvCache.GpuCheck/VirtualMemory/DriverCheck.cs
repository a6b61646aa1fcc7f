using KvCache.Cuda;
using KvCache.GpuCheck.Checks;

namespace KvCache.GpuCheck.VirtualMemory;

/// <summary>A check that calls CUDA's driver itself; skipped with the reason where there is none.</summary>
internal abstract class DriverCheck : IGpuCheck
{
    /// <summary>What the driver may keep for itself, or somebody else take meanwhile, before it is reported as lost.</summary>
    private const long AllowedLoss = 64L << 20;

    public abstract string Name { get; }

    public abstract string Summary { get; }

    public void Run(CheckContext context)
    {
        if (!CudaSession.TryOpen(context.Device, out CudaSession? session, out string reason))
        {
            context.Report.Skipped.Add($"{Name}: {reason}");
            return;
        }

        using (session)
        {
            Run(context, session.Device);
        }
    }

    /// <summary>Does it; what it throws is something wrong, and so is memory that the device has not got back.</summary>
    internal void Run(CheckContext context, CudaDevice device)
    {
        try
        {
            long before = device.GetMemoryInfo().FreeBytes;
            Check(context, device);
            long lost = before - device.GetMemoryInfo().FreeBytes;
            if (lost > AllowedLoss)
            {
                context.Report.Failures.Add($"{Name}: {lost >> 20} MiB of the device's memory were not given back.");
            }
        }
        catch (Exception exception) when (exception is CudaException or ArgumentException or InvalidOperationException or IOException)
        {
            context.Report.Failures.Add($"{Name}: {exception.Message}");
        }
    }

    protected abstract void Check(CheckContext context, CudaDevice device);
}
