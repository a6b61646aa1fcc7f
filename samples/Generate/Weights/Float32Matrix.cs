using Generate.Gguf;

namespace Generate.Weights;

/// <summary>Weights that are stored as floats, and used where they lie.</summary>
internal sealed unsafe class Float32Matrix(GgufTensor tensor, int rows, int columns) : WeightMatrix(rows, columns)
{
    internal override float* Decode(int firstRow, int count, float* scratch) => (float*)tensor.Data + ((long)firstRow * Columns);
}
