namespace KvCache.Gpu.Tests.Emulator;

/// <summary><c>cvt</c>: from one type to another.</summary>
internal static class Conversions
{
    public static Effect Compile(Operands operands)
    {
        string to = operands.Statement.PartFromEnd(2);
        string from = operands.Statement.PartFromEnd(1);
        PtxType source = PtxType.Of(from);
        PtxType target = PtxType.Of(to);
        return (to, from) switch
        {
            ("f16x2", "f32") => Pack(operands, brain: false),
            ("bf16x2", "f32") => Pack(operands, brain: true),
            ("f32", "f16") => Arithmetic.One(operands, static x => Words.Bits(Words.Small(x, brain: false))),
            ("f16", "f32") => Arithmetic.One(operands, static x => Words.SmallBits(Words.Float(x), brain: false)),
            ("f32", _) when !source.IsFloat => Arithmetic.One(operands, x => Words.Bits(source.Extend(x))),
            (_, "f32") when !target.IsFloat => Arithmetic.One(operands, x => (ulong)(long)Words.Float(x) & target.Mask),
            _ when !source.IsFloat && !target.IsFloat => Arithmetic.One(operands, x => (ulong)source.Extend(x) & target.Mask),
            _ => throw operands.Unknown(),
        };
    }

    /// <summary>Two numbers in one register; the first operand is the upper half.</summary>
    private static Effect Pack(Operands operands, bool brain) => Arithmetic.Two(operands, (upper, lower) =>
        (Words.SmallBits(Words.Float(upper), brain) << 16) | Words.SmallBits(Words.Float(lower), brain));
}
