using System.Runtime.CompilerServices;

namespace Generate.Gguf;

/// <summary>A metadata value where it lies in the file: one element, or an array of them. Read when asked for.</summary>
/// <param name="Bytes">The file.</param>
/// <param name="ElementType">How an element is stored; never an array.</param>
/// <param name="IsArray">Whether this is an array, if only of one element.</param>
/// <param name="Count">How many elements there are.</param>
/// <param name="Offset">Where the first begins.</param>
internal readonly unsafe record struct GgufValue(
    GgufBytes Bytes, GgufValueType ElementType, bool IsArray, long Count, long Offset)
{
    /// <summary>Strings are shorter than this: a longer one would not fit into a .NET string.</summary>
    public const int LongestString = 1 << 29;

    /// <summary>Arrays are shorter than this: a longer one would not fit into a .NET array.</summary>
    public const int LongestArray = 1 << 30;

    /// <summary>Gets whether elements are whole numbers.</summary>
    public bool IsInteger => !IsFloat && !IsBoolean && !IsString;

    /// <summary>Gets whether elements are fractions.</summary>
    public bool IsFloat => ElementType is GgufValueType.Float32 or GgufValueType.Float64;

    /// <summary>Gets whether elements are truth values.</summary>
    public bool IsBoolean => ElementType == GgufValueType.Boolean;

    /// <summary>Gets whether elements are strings.</summary>
    public bool IsString => ElementType == GgufValueType.String;

    /// <summary>The bytes that an element takes; 0 for those whose size differs.</summary>
    public static int SizeOf(GgufValueType type) => type switch
    {
        GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.Boolean => 1,
        GgufValueType.UInt16 or GgufValueType.Int16 => 2,
        GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.Float32 => 4,
        GgufValueType.UInt64 or GgufValueType.Int64 or GgufValueType.Float64 => 8,
        _ => 0,
    };

    /// <summary>An element that is a whole number, of any width and sign.</summary>
    public Int128 IntegerAt(long index) => ElementType switch
    {
        GgufValueType.UInt8 => At<byte>(index),
        GgufValueType.Int8 => At<sbyte>(index),
        GgufValueType.UInt16 => At<ushort>(index),
        GgufValueType.Int16 => At<short>(index),
        GgufValueType.UInt32 => At<uint>(index),
        GgufValueType.Int32 => At<int>(index),
        GgufValueType.UInt64 => At<ulong>(index),
        GgufValueType.Int64 => At<long>(index),
        _ => throw new InvalidOperationException($"{this} holds no integers."),
    };

    /// <summary>An element that is a fraction.</summary>
    public double FloatAt(long index) => ElementType switch
    {
        GgufValueType.Float32 => At<float>(index),
        GgufValueType.Float64 => At<double>(index),
        _ => throw new InvalidOperationException($"{this} holds no fractions."),
    };

    /// <summary>An element that is a truth value.</summary>
    public bool BooleanAt(long index) => At<byte>(index) != 0;

    /// <summary>All elements, which are strings.</summary>
    public string[] ReadStrings()
    {
        GgufCursor cursor = new(Bytes, Offset);
        string[] strings = new string[Count];
        for (int i = 0; i < strings.Length; i++)
        {
            strings[i] = cursor.ReadString("a string", LongestString);
        }

        return strings;
    }

    public override string ToString() => IsArray ? $"an array of {Count} {ElementType}" : $"{ElementType}";

    private T At<T>(long index)
        where T : unmanaged => Unsafe.ReadUnaligned<T>(Bytes.Start + Offset + (index * sizeof(T)));
}
