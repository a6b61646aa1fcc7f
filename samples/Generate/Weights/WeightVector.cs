using Generate.Gguf;

namespace Generate.Weights;

/// <summary>Weights of one dimension, such as those of a norm or a bias: few, so copied as floats.</summary>
internal static class WeightVector
{
    /// <summary>Reads a tensor of one dimension.</summary>
    /// <exception cref="GgufException">The tensor has other dimensions or a type that is not supported.</exception>
    public static float[] Read(GgufTensor tensor)
    {
        if (tensor.Dimensions is not [long length] || length > Array.MaxLength)
        {
            throw new GgufException(
                $"{tensor.FileName}: {tensor} is no vector; expected one dimension, at most {Array.MaxLength}.");
        }

        WeightMatrix row = WeightFormats.Create(tensor, rows: 1, (int)length);
        float[] values = new float[length];
        row.CopyRow(0, values);
        return values;
    }
}
