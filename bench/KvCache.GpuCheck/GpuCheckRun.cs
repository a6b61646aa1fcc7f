using ILGPU;
using KvCache.Gpu;
using KvCache.Gpu.Cuda;
using KvCache.Gpu.Kernels;
using KvCache.GpuCheck.Checks;
using KvCache.GpuCheck.Report;

namespace KvCache.GpuCheck;

/// <summary>Opens the device, runs the checks one after the other, writes the report.</summary>
internal sealed class GpuCheckRun(GpuCheckOptions options, IReadOnlyList<IGpuCheck> all, TextWriter output, TextWriter error)
{
    public int Run()
    {
        IGpuCheck[] checks = [.. all.Where(check => options.Takes(check.Name))];
        if (checks.Length == 0)
        {
            throw new IOException($"No check's name has '{string.Join("' or '", options.Only)}' in it; --list names them.");
        }

        if (options.List)
        {
            List(checks);
            return GpuCheckTool.Correct;
        }

        using GpuDevice device = GpuDevice.Open(
            options.Kind, options.Ordinal, GpuDeviceOptions.Default with { Configure = static builder => builder.Profiling() });
        CheckContext context = new(device, options.Quick, new CheckReport(device.Name));
        foreach (IGpuCheck check in checks)
        {
            int first = context.Report.Tables.Count;
            error.WriteLine($"{check.Name} …");
            check.Run(context);
            foreach (CheckTable table in context.Report.Tables.Skip(first))
            {
                MarkdownReport.Write(table, output);
            }
        }

        return Write(context.Report);
    }

    private void List(IEnumerable<IGpuCheck> checks)
    {
        output.WriteLine("Checks:");
        foreach (IGpuCheck check in checks)
        {
            output.WriteLine($"  {check.Name}: {check.Summary}");
        }

        output.WriteLine("Kernels:");
        foreach (KernelVariant variant in KernelCatalog.All.Concat(TensorCatalog.All))
        {
            output.WriteLine($"  {variant.Name}");
        }
    }

    private int Write(CheckReport report)
    {
        Directory.CreateDirectory(options.Folder);
        using (StreamWriter markdown = new(Path.Combine(options.Folder, "gpu-check.md")))
        {
            MarkdownReport.Write(report, markdown);
        }

        using (FileStream json = File.Create(Path.Combine(options.Folder, "gpu-check.json")))
        {
            JsonReport.Write(report, json);
        }

        output.WriteLine();
        report.Skipped.ForEach(skipped => output.WriteLine($"Skipped: {skipped}"));
        output.WriteLine(report.Failures.Count == 0 ? "Everything was correct." : $"WRONG: {string.Join("\nWRONG: ", report.Failures)}");
        return report.Failures.Count == 0 ? GpuCheckTool.Correct : GpuCheckTool.Wrong;
    }
}
