namespace Generate.Gguf;

/// <summary>What a file says about a tensor before its data.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Dimensions">Its dimensions, the fastest first.</param>
/// <param name="Type">How elements are stored.</param>
/// <param name="ByteLength">The bytes that its data takes, as follows from both.</param>
/// <param name="DataOffset">Where its data begins, counted from the beginning of all data.</param>
/// <param name="FieldOffset">Where in the file that is said.</param>
internal sealed record GgufTensorInfo(
    string Name, long[] Dimensions, GgmlType Type, long ByteLength, ulong DataOffset, long FieldOffset);
