namespace Generate.Gguf;

/// <summary>Reads where metadata lies, and checks that it can be read there; takes no memory for the values themselves.</summary>
internal sealed unsafe class GgufMetadataReader(GgufBytes bytes, GgufCursor cursor)
{
    private const int LongestKey = ushort.MaxValue;

    public Dictionary<string, GgufValue> Read(long count)
    {
        Dictionary<string, GgufValue> values = [];
        for (long i = 0; i < count; i++)
        {
            long offset = cursor.Position;
            string key = cursor.ReadString("a key", LongestKey);
            if (key.Length == 0)
            {
                throw cursor.Refusal(offset, "a key", "an empty one");
            }

            if (!values.TryAdd(key, ReadValue()))
            {
                throw cursor.Refusal(offset, "a key that has not been there before", $"{GgufException.Quote(key)} again");
            }
        }

        return values;
    }

    private GgufValue ReadValue()
    {
        GgufValueType type = ReadType("a value type from 0 to 12", GgufValueType.Float64);
        if (type != GgufValueType.Array)
        {
            return Pass(type, isArray: false, 1);
        }

        long offset = cursor.Position;
        GgufValueType elementType = ReadType("an element type from 0 to 12", GgufValueType.Float64);
        if (elementType == GgufValueType.Array)
        {
            throw cursor.Refusal(offset, "an array of elements that are no arrays", "an array of arrays");
        }

        int leastBytes = elementType == GgufValueType.String ? sizeof(ulong) : GgufValue.SizeOf(elementType);
        return Pass(elementType, isArray: true, cursor.ReadCount("an array length", leastBytes, GgufValue.LongestArray));
    }

    private GgufValueType ReadType(string expected, GgufValueType last)
    {
        long offset = cursor.Position;
        uint number = cursor.Read<uint>(expected);
        return number <= (uint)last ? (GgufValueType)number : throw cursor.Refusal(offset, expected, $"{number}");
    }

    /// <summary>Passes over a value's elements.</summary>
    private GgufValue Pass(GgufValueType type, bool isArray, long count)
    {
        GgufValue value = new(bytes, type, isArray, count, cursor.Position);
        if (type != GgufValueType.String)
        {
            cursor.Skip(count * GgufValue.SizeOf(type), "a value");
            CheckBooleans(value);
            return value;
        }

        for (long i = 0; i < count; i++)
        {
            cursor.Skip(cursor.ReadCount("a string length", 1, GgufValue.LongestString), "a string");
        }

        return value;
    }

    private void CheckBooleans(GgufValue value)
    {
        for (long i = 0; value.IsBoolean && i < value.Count; i++)
        {
            byte stored = bytes.Start[value.Offset + i];
            if (stored > 1)
            {
                throw cursor.Refusal(value.Offset + i, "a boolean of 0 or 1", $"{stored}");
            }
        }
    }
}
