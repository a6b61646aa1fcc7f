namespace KvCache.Gpu.Tests.Emulator;

/// <summary>A type such as <c>u32</c>: a letter and a size.</summary>
/// <param name="Kind">b, u, s, f, or p for a predicate.</param>
/// <param name="Bits">The size.</param>
internal readonly record struct PtxType(char Kind, int Bits)
{
    public int Bytes => Bits / 8;

    public bool IsFloat => Kind == 'f';

    public bool IsSigned => Kind == 's';

    /// <summary>Gets a one for every bit of the type.</summary>
    public ulong Mask => Bits >= 64 ? ulong.MaxValue : (1ul << Bits) - 1;

    public static PtxType Of(string name) =>
        name == "pred" ? new PtxType('p', 1)
        : name.Length > 1 && int.TryParse(name.AsSpan(1), out int bits) ? new PtxType(name[0], bits)
        : new PtxType('b', 32);

    /// <summary>A value of the type, sign-extended where it is signed.</summary>
    public long Extend(ulong value) => Bits switch
    {
        64 => (long)value,
        32 => IsSigned ? (int)value : (uint)value,
        16 => IsSigned ? (short)value : (ushort)value,
        _ => IsSigned ? (sbyte)value : (byte)value,
    };
}
