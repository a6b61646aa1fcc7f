namespace KvCache;

/// <summary>What is known of element types.</summary>
internal static class KvElementTypes
{
    /// <summary>The bytes of one element.</summary>
    /// <exception cref="NotSupportedException">The type is not supported yet.</exception>
    public static int Bytes(this KvElementType type) => type switch
    {
        KvElementType.Float32 => sizeof(float),
        KvElementType.Float16 or KvElementType.BFloat16 => sizeof(ushort),
        _ => throw new NotSupportedException(
            $"Element type {type} is not supported yet; supported are Float32, Float16 and BFloat16."),
    };
}
