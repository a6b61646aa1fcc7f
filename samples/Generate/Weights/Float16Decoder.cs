using System.Numerics.Tensors;

namespace Generate.Weights;

/// <summary>F16: halves.</summary>
internal readonly unsafe struct Float16Decoder : IRowDecoder
{
    public static void Decode(byte* row, int columns, float* destination) =>
        TensorPrimitives.ConvertToSingle(new ReadOnlySpan<Half>(row, columns), new Span<float>(destination, columns));
}
