using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Generate.Weights;

/// <summary>Weights in an array that never moves.</summary>
internal sealed unsafe class ArrayMatrix : WeightMatrix
{
    private readonly float[] _values;

    public ArrayMatrix(int rows, int columns)
        : base(rows, columns) => _values = GC.AllocateUninitializedArray<float>(checked(rows * columns), pinned: true);

    /// <summary>Gets the weights, row by row.</summary>
    public Span<float> Values => _values;

    internal override float* Decode(int firstRow, int count, float* scratch) =>
        (float*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_values)) + ((long)firstRow * Columns);
}
