using KvCache.Gpu.Cuda;

namespace KvCache.GpuCheck.Workloads;

/// <summary>Makes every decode kernel of a capability what is asked for.</summary>
internal static class TensorTable
{
    public static TensorTuningTable Of(Version capability, TensorTuning tuning)
    {
        TensorTuningTable table = TensorTuningTable.Parse(TensorTuningTable.Header);
        foreach ((int dim, int heads) in TensorCatalog.DecodeShapes)
        {
            table.Set(capability, dim, heads, tuning);
        }

        return table;
    }
}
