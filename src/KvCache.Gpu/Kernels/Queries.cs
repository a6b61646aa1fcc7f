using System.Runtime.CompilerServices;
using ILGPU;

namespace KvCache.Gpu.Kernels;

/// <summary>Loads pieces of queries, whose place need not be a multiple of anything.</summary>
internal static class Queries
{
    /// <summary>Eight elements of a head from an index on, scaled; zero at and beyond its dim, and where not wanted.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 Load(ArrayView<float> queries, long head, int first, int dim, bool wanted, float scale) => new(
        new Floats4(
            One(queries, head, first, dim, wanted, scale),
            One(queries, head, first + 1, dim, wanted, scale),
            One(queries, head, first + 2, dim, wanted, scale),
            One(queries, head, first + 3, dim, wanted, scale)),
        new Floats4(
            One(queries, head, first + 4, dim, wanted, scale),
            One(queries, head, first + 5, dim, wanted, scale),
            One(queries, head, first + 6, dim, wanted, scale),
            One(queries, head, first + 7, dim, wanted, scale)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float One(ArrayView<float> queries, long head, int d, int dim, bool wanted, float scale)
    {
        bool inside = d < dim;
        float element = queries[head + (inside ? d : 0)] * scale;
        return inside && wanted ? element : 0;
    }
}
