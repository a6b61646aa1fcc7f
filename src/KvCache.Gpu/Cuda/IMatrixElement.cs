namespace KvCache.Gpu.Cuda;

/// <summary>Numbers of 16 bits that tensor cores multiply.</summary>
internal interface IMatrixElement
{
    /// <summary>Gets whether they are bfloat16 rather than IEEE 754 binary16.</summary>
    static abstract bool IsBrain { get; }
}

/// <summary>IEEE 754 binary16.</summary>
internal readonly struct HalfMatrix : IMatrixElement
{
    public static bool IsBrain => false;
}

/// <summary>bfloat16.</summary>
internal readonly struct BrainMatrix : IMatrixElement
{
    public static bool IsBrain => true;
}
