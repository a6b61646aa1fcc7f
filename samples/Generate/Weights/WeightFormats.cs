using Generate.Gguf;

namespace Generate.Weights;

/// <summary>The formats in which weights may be stored.</summary>
internal static class WeightFormats
{
    private const string Supported = "F32, F16, BF16, Q8_0, Q4_0, Q4_K, Q6_K";

    public static WeightMatrix Create(GgufTensor tensor, int rows, int columns) => tensor.Type switch
    {
        GgmlType.F32 => new Float32Matrix(tensor, rows, columns),
        GgmlType.F16 => new EncodedMatrix<Float16Decoder>(tensor, rows, columns),
        GgmlType.BF16 => new EncodedMatrix<BFloat16Decoder>(tensor, rows, columns),
        GgmlType.Q8_0 => new EncodedMatrix<Q8_0Decoder>(tensor, rows, columns),
        GgmlType.Q4_0 => new EncodedMatrix<Q4_0Decoder>(tensor, rows, columns),
        GgmlType.Q4_K => new EncodedMatrix<Q4_KDecoder>(tensor, rows, columns),
        GgmlType.Q6_K => new EncodedMatrix<Q6_KDecoder>(tensor, rows, columns),
        _ => throw new GgufException(
            $"{tensor.FileName}: tensor {GgufException.Quote(tensor.Name)} is stored as {tensor.Type}; " +
            $"supported are {Supported}."),
    };
}
