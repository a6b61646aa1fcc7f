namespace Generate.Gguf;

/// <summary>Elements are stored in blocks: how many in one, and in how many bytes.</summary>
internal readonly record struct GgmlBlock(int Elements, int Bytes)
{
    /// <summary>The block of a type; of no elements where the type is not known.</summary>
    public static GgmlBlock Of(GgmlType type) => type switch
    {
        GgmlType.F32 or GgmlType.I32 => new GgmlBlock(1, 4),
        GgmlType.F16 or GgmlType.BF16 or GgmlType.I16 => new GgmlBlock(1, 2),
        GgmlType.F64 or GgmlType.I64 => new GgmlBlock(1, 8),
        GgmlType.I8 => new GgmlBlock(1, 1),
        GgmlType.Q4_0 or GgmlType.IQ4_NL => new GgmlBlock(32, 18),
        GgmlType.Q4_1 => new GgmlBlock(32, 20),
        GgmlType.Q5_0 => new GgmlBlock(32, 22),
        GgmlType.Q5_1 => new GgmlBlock(32, 24),
        GgmlType.Q8_0 => new GgmlBlock(32, 34),
        GgmlType.Q8_1 => new GgmlBlock(32, 36),
        GgmlType.MXFP4 => new GgmlBlock(32, 17),
        GgmlType.NVFP4 => new GgmlBlock(64, 36),
        GgmlType.Q1_0 => new GgmlBlock(128, 18),
        GgmlType.Q2_0 => new GgmlBlock(64, 18),
        GgmlType.Q2_K => new GgmlBlock(256, 84),
        GgmlType.Q3_K or GgmlType.IQ3_S => new GgmlBlock(256, 110),
        GgmlType.Q4_K => new GgmlBlock(256, 144),
        GgmlType.Q5_K => new GgmlBlock(256, 176),
        GgmlType.Q6_K => new GgmlBlock(256, 210),
        GgmlType.Q8_K => new GgmlBlock(256, 292),
        GgmlType.IQ1_S => new GgmlBlock(256, 50),
        GgmlType.IQ1_M => new GgmlBlock(256, 56),
        GgmlType.IQ2_XXS or GgmlType.TQ2_0 => new GgmlBlock(256, 66),
        GgmlType.IQ2_XS => new GgmlBlock(256, 74),
        GgmlType.IQ2_S => new GgmlBlock(256, 82),
        GgmlType.IQ3_XXS => new GgmlBlock(256, 98),
        GgmlType.IQ4_XS => new GgmlBlock(256, 136),
        GgmlType.TQ1_0 => new GgmlBlock(256, 54),
        _ => default,
    };
}
