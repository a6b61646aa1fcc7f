namespace KvCache;

/// <summary>How one key or value element is stored.</summary>
/// <remarks>
/// <see cref="Float32"/>, <see cref="Float16"/> and <see cref="BFloat16"/> are supported. The other members exist so
/// that a model which needs them can be named; <see cref="KvGeometry"/> refuses them by that name.
/// </remarks>
public enum KvElementType
{
    /// <summary>IEEE 754 binary32, 4 bytes.</summary>
    Float32,

    /// <summary>IEEE 754 binary16, 2 bytes.</summary>
    Float16,

    /// <summary>bfloat16: the upper half of a binary32, 2 bytes.</summary>
    BFloat16,

    /// <summary>8-bit float with 4 exponent bits. Not supported yet.</summary>
    Float8E4M3,

    /// <summary>8-bit float with 5 exponent bits. Not supported yet.</summary>
    Float8E5M2,

    /// <summary>8-bit integer with scales. Not supported yet.</summary>
    Int8,

    /// <summary>4-bit integer with scales. Not supported yet.</summary>
    Int4,
}
