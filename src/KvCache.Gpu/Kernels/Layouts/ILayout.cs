using ILGPU;
using KvCache.Gpu.Kernels.Elements;

namespace KvCache.Gpu.Kernels.Layouts;

/// <summary>What is known of where pages and heads lie, which decides how they are read.</summary>
internal interface ILayout
{
    /// <summary>The column of a position's page.</summary>
    static abstract int Column(CacheArguments cache, int position);

    /// <summary>A position's place in its page.</summary>
    static abstract int Offset(CacheArguments cache, int position);

    /// <summary>Loads elements first … first + 7 of a head; those at and beyond its dim are zero.</summary>
    /// <param name="memory">The keys or the values.</param>
    /// <param name="head">The byte where the head begins.</param>
    /// <param name="first">A multiple of 8.</param>
    /// <param name="dim">The head's elements.</param>
    /// <param name="mask">All ones, or zero for zeros only.</param>
    static abstract Floats8 Load<TElement>(ArrayView<byte> memory, long head, int first, int dim, uint mask)
        where TElement : struct, IElement;

    /// <summary>Stores eight elements of an operand as elements first … first + 7 of a head, but none at or beyond its dim.</summary>
    static abstract void Store<TElement>(ArrayView<float> source, long index, ArrayView<byte> memory, long head, int first, int dim)
        where TElement : struct, IElement;
}
