using ILGPU;

namespace KvCache.Gpu.Kernels;

/// <summary>Brings the segments of decoded rows together; a thread for each element of the output.</summary>
/// <remarks>out = Σᵢ 2^(mᵢ − m) sumᵢ / Σᵢ 2^(mᵢ − m) totalᵢ over segments i in order, m the largest of mᵢ.</remarks>
internal static class CombineKernel
{
    public static KernelVariant<AttendArguments> Variant { get; } = new(Run, KernelVariant.PlainThreads);

    public static void Run(AttendArguments arguments)
    {
        CacheArguments cache = arguments.Cache;
        int dim = cache.ValueDim;
        int rowElements = arguments.QueryHeads * dim;
        long elements = (long)cache.Rows * rowElements;
        long threads = (long)Grid.DimX * Group.DimX;
        for (long index = ((long)Grid.IdxX * Group.DimX) + Group.IdxX; index < elements; index += threads)
        {
            int row = (int)(index / rowElements);
            int rest = (int)(index - ((long)row * rowElements));
            int head = rest / dim;
            int token = cache.QueryOffsets[row];
            int segments = arguments.Plan.Segments(cache.Lengths[row]);
            if (cache.QueryOffsets[row + 1] - token == 1 && segments > 1)
            {
                long part = (((long)row * arguments.QueryHeads) + head) * arguments.Segments;
                arguments.Output[(token * arguments.OutputStride) + rest] =
                    Element(arguments, part, segments, dim, rest - (head * dim));
            }
        }
    }

    private static float Element(AttendArguments arguments, long part, int segments, int dim, int d)
    {
        float max = Softmax.Lowest;
        for (int segment = 0; segment < segments; segment++)
        {
            max = Math.Max(max, arguments.PartialScales[2 * (part + segment)]);
        }

        float sum = 0;
        float total = 0;
        for (int segment = 0; segment < segments; segment++)
        {
            float factor = Softmax.Exp2(arguments.PartialScales[2 * (part + segment)] - max);
            total += factor * arguments.PartialScales[(2 * (part + segment)) + 1];
            sum += factor * arguments.PartialSums[((part + segment) * dim) + d];
        }

        return sum / total;
    }
}
