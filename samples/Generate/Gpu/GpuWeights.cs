using Generate.Weights;
using ILGPU;
using KvCache.Gpu;
using KvCache.Memory;

namespace Generate.Gpu;

/// <summary>Weights in a device's memory, as float32; each is decoded and brought there when it is first used.</summary>
internal sealed class GpuWeights(GpuDevice device)
{
    private const int UploadFloats = 1 << 22;
    private readonly Dictionary<object, KvArena> _arenas = new(ReferenceEqualityComparer.Instance);

    /// <summary>[rows][columns].</summary>
    public ArrayView<float> Get(WeightMatrix matrix)
    {
        long length = (long)matrix.Rows * matrix.Columns;
        if (!_arenas.TryGetValue(matrix, out KvArena? arena))
        {
            arena = GpuMemory.Allocate(device, length * sizeof(float));
            _arenas.Add(matrix, arena);
            Upload(matrix, arena.Address);
        }

        return GpuMemory.View<float>(device, arena, length);
    }

    public ArrayView<float> Get(float[] vector)
    {
        if (!_arenas.TryGetValue(vector, out KvArena? arena))
        {
            arena = GpuMemory.Allocate(device, (long)vector.Length * sizeof(float));
            _arenas.Add(vector, arena);
            GpuMemory.Upload<float>(device, vector, arena.Address);
        }

        return GpuMemory.View<float>(device, arena, vector.Length);
    }

    private void Upload(WeightMatrix matrix, nint destination)
    {
        int columns = matrix.Columns;
        int together = Math.Clamp(UploadFloats / columns, 1, matrix.Rows);
        float[] decoded = new float[together * columns];
        for (int first = 0; first < matrix.Rows; first += together)
        {
            int count = Math.Min(together, matrix.Rows - first);
            for (int i = 0; i < count; i++)
            {
                matrix.CopyRow(first + i, decoded.AsSpan(i * columns, columns));
            }

            GpuMemory.Upload<float>(device, decoded.AsSpan(0, count * columns), destination + ((nint)first * columns * sizeof(float)));
        }
    }
}
