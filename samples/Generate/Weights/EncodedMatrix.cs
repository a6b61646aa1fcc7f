using Generate.Gguf;

namespace Generate.Weights;

/// <summary>Weights that are decoded as they are used.</summary>
internal sealed unsafe class EncodedMatrix<TDecoder>(GgufTensor tensor, int rows, int columns) : WeightMatrix(rows, columns)
    where TDecoder : IRowDecoder
{
    private readonly long _rowBytes = tensor.ByteLength / rows;

    internal override float* Decode(int firstRow, int count, float* scratch)
    {
        byte* data = tensor.Data;
        for (int i = 0; i < count; i++)
        {
            TDecoder.Decode(data + ((firstRow + i) * _rowBytes), Columns, scratch + ((long)i * Columns));
        }

        return scratch;
    }
}
