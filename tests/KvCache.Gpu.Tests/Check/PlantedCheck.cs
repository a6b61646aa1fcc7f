using KvCache.GpuCheck.Checks;
using KvCache.GpuCheck.Report;

namespace KvCache.Gpu.Tests.Check;

/// <summary>A check that finds what it was told to find.</summary>
internal sealed class PlantedCheck(string name, params string[] failures) : IGpuCheck
{
    public string Name => name;

    public string Summary => "planted";

    public void Run(CheckContext context)
    {
        CheckTable table = new(name, "text", "whole", "real", "none");
        table.Add("a", 7, 0.123456, double.NaN);
        context.Report.Tables.Add(table);
        context.Report.Failures.AddRange(failures);
    }
}
