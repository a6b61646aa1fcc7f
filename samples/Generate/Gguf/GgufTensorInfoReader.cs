namespace Generate.Gguf;

/// <summary>Reads what a file says about a tensor, and works out how many bytes it takes.</summary>
internal static class GgufTensorInfoReader
{
    private const int LongestName = 64;
    private const int MostDimensions = 4;

    public static GgufTensorInfo Read(GgufCursor cursor)
    {
        long nameOffset = cursor.Position;
        string name = cursor.ReadString("a tensor name", LongestName);
        if (name.Length == 0)
        {
            throw cursor.Refusal(nameOffset, "a tensor name", "an empty one");
        }

        long countOffset = cursor.Position;
        uint count = cursor.Read<uint>("a number of dimensions");
        if (count is 0 or > MostDimensions)
        {
            throw cursor.Refusal(
                countOffset, $"from 1 to {MostDimensions} dimensions of tensor {GgufException.Quote(name)}", $"{count}");
        }

        long dimensionsOffset = cursor.Position;
        long[] dimensions = new long[count];
        long elements = 1;
        for (int i = 0; i < dimensions.Length; i++)
        {
            dimensions[i] = ReadDimension(cursor, name, i, ref elements);
        }

        long typeOffset = cursor.Position;
        uint type = cursor.Read<uint>("a tensor type");
        GgmlBlock block = type <= int.MaxValue ? GgmlBlock.Of((GgmlType)type) : default;
        if (block.Elements == 0)
        {
            throw cursor.Refusal(typeOffset, $"a known type of tensor {GgufException.Quote(name)}", $"{type}");
        }

        if (dimensions[0] % block.Elements != 0)
        {
            throw cursor.Refusal(
                dimensionsOffset,
                $"a first dimension that is a multiple of {block.Elements}, as {(GgmlType)type} is stored",
                $"{dimensions[0]}");
        }

        long blocks = elements / block.Elements;
        if (blocks > long.MaxValue / block.Bytes)
        {
            throw cursor.Refusal(
                dimensionsOffset, "a tensor whose bytes can be counted", $"{blocks} blocks of {block.Bytes} bytes");
        }

        long fieldOffset = cursor.Position;
        ulong dataOffset = cursor.Read<ulong>("a tensor's offset");
        return new GgufTensorInfo(name, dimensions, (GgmlType)type, blocks * block.Bytes, dataOffset, fieldOffset);
    }

    private static long ReadDimension(GgufCursor cursor, string name, int index, ref long elements)
    {
        long offset = cursor.Position;
        long dimension = cursor.Read<long>("a dimension");
        long most = long.MaxValue / elements;
        if (dimension < 1 || dimension > most)
        {
            throw cursor.Refusal(
                offset, $"dimension {index} of tensor {GgufException.Quote(name)} from 1 to {most}", $"{dimension}");
        }

        elements *= dimension;
        return dimension;
    }
}
