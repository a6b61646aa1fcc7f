using System.Numerics;
using Generate.Gguf;
using Generate.Weights;
using Xunit;

namespace Generate.Tests.Gguf;

/// <summary>Reads all there is in a file that has been opened: it holds together, or is refused cleanly.</summary>
internal static unsafe class Consistency
{
    public static void Check(GgufFile file, long length)
    {
        Assert.InRange(file.Version, 2, 3);
        Assert.True(BitOperations.IsPow2(file.Alignment) && file.Alignment >= 8, $"alignment {file.Alignment}");
        foreach ((string key, GgufValue value) in file.Metadata)
        {
            CheckValue(value, length);
            CheckGetters(file.Metadata, key, length);
        }

        long end = 0;
        foreach (GgufTensor tensor in file.Tensors.Values.OrderBy(tensor => tensor.Offset))
        {
            Assert.True(tensor.Offset >= end, $"{tensor} begins at {tensor.Offset}, before {end}");
            end = tensor.Offset + tensor.ByteLength;
            Assert.InRange(end, tensor.Offset + 1, length);
            Assert.Equal(0, tensor.Offset % file.Alignment);
            CheckTensor(tensor);
        }
    }

    private static void CheckValue(GgufValue value, long length)
    {
        Assert.InRange(value.Offset, 24, length);
        for (long i = 0; i < value.Count; i++)
        {
            switch (value.ElementType)
            {
                case GgufValueType.String:
                    break;
                case GgufValueType.Boolean:
                    value.BooleanAt(i);
                    break;
                case GgufValueType.Float32 or GgufValueType.Float64:
                    value.FloatAt(i);
                    break;
                default:
                    value.IntegerAt(i);
                    break;
            }
        }

        Assert.Equal(value.ElementType == GgufValueType.String ? value.Count : 0, StringsOf(value, length));
    }

    /// <summary>The number of strings; as many as there should be where they are refused.</summary>
    private static long StringsOf(GgufValue value, long length)
    {
        if (value.ElementType != GgufValueType.String)
        {
            return 0;
        }

        return Refused(() => value.ReadStrings(), length, out string[]? strings) ? value.Count : strings!.Length;
    }

    private static void CheckGetters(GgufMetadata metadata, string key, long length)
    {
        int fitting = 0;
        void Try(Func<object> get) => fitting += Refused(get, length, out _) ? 0 : 1;

        Try(() => metadata.GetInt32(key));
        Try(() => metadata.GetInt32s(key));
        Try(() => metadata.GetSingle(key));
        Try(() => metadata.GetSingles(key));
        Try(() => metadata.GetBoolean(key));
        Try(() => metadata.GetString(key));
        Try(() => metadata.GetStrings(key));
        Assert.InRange(fitting, 0, 1);
    }

    private static void CheckTensor(GgufTensor tensor)
    {
        GgmlBlock block = GgmlBlock.Of(tensor.Type);
        Int128 elements = tensor.Dimensions.Aggregate((Int128)1, (product, dimension) => product * dimension);
        Assert.All(tensor.Dimensions, dimension => Assert.True(dimension > 0));
        Assert.Equal(tensor.ByteLength, elements / block.Elements * block.Bytes);
        Assert.InRange(new ReadOnlySpan<byte>(tensor.Data, (int)tensor.ByteLength).Count((byte)0), 0, (int)tensor.ByteLength);
        if (!Refused(() => WeightMatrix.From(tensor), -1, out WeightMatrix? matrix))
        {
            float[] row = new float[matrix!.Columns];
            matrix.CopyRow(0, row);
            matrix.CopyRow(matrix.Rows - 1, row);
            matrix.Multiply(new float[matrix.Columns], new float[matrix.Rows], 1);
            Assert.Equal(elements, (long)matrix.Rows * matrix.Columns);
        }

        if (!Refused(() => WeightVector.Read(tensor), -1, out float[]? vector))
        {
            Assert.Equal(elements, vector!.Length);
        }
    }

    private static bool Refused<T>(Func<T> read, long length, out T? value)
    {
        try
        {
            value = read();
            return false;
        }
        catch (GgufException refusal)
        {
            Assert.InRange(refusal.Offset, -1, length);
            value = default;
            return true;
        }
    }
}
