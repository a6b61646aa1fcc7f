namespace KvCache.Gpu.Cuda;

/// <summary>A part of a local variable that is always read and written whole.</summary>
/// <param name="Variable">The variable's number.</param>
/// <param name="Offset">Where the part begins, in bytes.</param>
/// <param name="Bytes">Its size.</param>
internal readonly record struct LocalSlot(int Variable, int Offset, int Bytes)
{
    /// <summary>Gets the register that stands for it.</summary>
    public string Register => $"%slot{Variable}_{Offset}";
}
