using ILGPU.Runtime.Cuda;
using KvCache.GpuCheck.Report;

namespace KvCache.GpuCheck.Checks;

/// <summary>What the device says of itself.</summary>
internal sealed class DeviceFacts : IGpuCheck
{
    public string Name => "device";

    public string Summary => "name, driver, memory, multiprocessors";

    public void Run(CheckContext context)
    {
        ILGPU.Runtime.Accelerator accelerator = context.Device.Accelerator;
        CheckTable table = new("Device", "what", "value");
        table.Add("name", accelerator.Name);
        if (accelerator is CudaAccelerator cuda)
        {
            table.Add("compute capability", cuda.Architecture.ToString());
            table.Add("driver", cuda.DriverVersion.ToString());
            table.Add("PTX instruction set", cuda.InstructionSet.ToString());
        }

        table.Add("memory, GiB", $"{accelerator.MemorySize / (double)(1L << 30):F1}");
        table.Add("multiprocessors", $"{accelerator.NumMultiprocessors}");
        table.Add("threads of a warp", $"{accelerator.WarpSize}");
        table.Add("runtime", System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription);
        context.Report.Tables.Add(table);
    }
}
