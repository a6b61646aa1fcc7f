namespace KvCache.Gpu.Tests.Emulator;

/// <summary>What a lane does with its own registers.</summary>
internal static class Arithmetic
{
    public static Effect Compile(Operands operands)
    {
        PtxStatement statement = operands.Statement;
        PtxType type = statement.Type;
        if (type is { IsFloat: true, Bits: 64 })
        {
            throw operands.Unknown();
        }

        return statement.Name switch
        {
            "mov" => Moves.Compile(operands),
            "cvta" => One(operands, static x => x),
            "cvt" => Conversions.Compile(operands),
            "setp" => Comparisons.Compile(operands),
            "selp" => Three(operands, static (x, y, condition) => (condition & 1) != 0 ? x : y),
            _ => type.IsFloat ? OfFloats(operands) : OfIntegers(operands, type),
        };
    }

    public static Effect One(Operands operands, Func<ulong, ulong> f)
    {
        (int d, int a) = (operands.Place(0), operands.Place(1));
        return (warp, lanes) =>
        {
            ulong[] registers = warp.Registers;
            for (int lane = 0; lane < Warp.Lanes; lane++)
            {
                if ((lanes >> lane & 1) != 0)
                {
                    registers[d + lane] = f(registers[a + lane]);
                }
            }
        };
    }

    public static Effect Two(Operands operands, Func<ulong, ulong, ulong> f)
    {
        (int d, int a, int b) = (operands.Place(0), operands.Place(1), operands.Place(2));
        return (warp, lanes) =>
        {
            ulong[] registers = warp.Registers;
            for (int lane = 0; lane < Warp.Lanes; lane++)
            {
                if ((lanes >> lane & 1) != 0)
                {
                    registers[d + lane] = f(registers[a + lane], registers[b + lane]);
                }
            }
        };
    }

    public static Effect Three(Operands operands, Func<ulong, ulong, ulong, ulong> f)
    {
        (int d, int a, int b, int c) = (operands.Place(0), operands.Place(1), operands.Place(2), operands.Place(3));
        return (warp, lanes) =>
        {
            ulong[] registers = warp.Registers;
            for (int lane = 0; lane < Warp.Lanes; lane++)
            {
                if ((lanes >> lane & 1) != 0)
                {
                    registers[d + lane] = f(registers[a + lane], registers[b + lane], registers[c + lane]);
                }
            }
        };
    }

    private static Effect OfFloats(Operands operands) => operands.Statement.Name switch
    {
        "add" => Two(operands, static (x, y) => Words.Bits(Words.Float(x) + Words.Float(y))),
        "sub" => Two(operands, static (x, y) => Words.Bits(Words.Float(x) - Words.Float(y))),
        "mul" => Two(operands, static (x, y) => Words.Bits(Words.Float(x) * Words.Float(y))),
        "div" => Two(operands, static (x, y) => Words.Bits(Words.Float(x) / Words.Float(y))),
        "fma" or "mad" => Three(operands, static (x, y, z) =>
            Words.Bits(MathF.FusedMultiplyAdd(Words.Float(x), Words.Float(y), Words.Float(z)))),
        "min" => Two(operands, static (x, y) => Words.Bits(Least(Words.Float(x), Words.Float(y)))),
        "max" => Two(operands, static (x, y) => Words.Bits(-Least(-Words.Float(x), -Words.Float(y)))),
        "neg" => One(operands, static x => Words.Bits(-Words.Float(x))),
        "abs" => One(operands, static x => Words.Bits(MathF.Abs(Words.Float(x)))),
        "ex2" => One(operands, static x => Words.Bits((float)Math.Pow(2, Words.Float(x)))),
        "rcp" => One(operands, static x => Words.Bits(1 / Words.Float(x))),
        _ => throw operands.Unknown(),
    };

    /// <summary>The smaller; a number where the other is none.</summary>
    private static float Least(float x, float y) => float.IsNaN(x) ? y : float.IsNaN(y) ? x : MathF.Min(x, y);

    private static Effect OfIntegers(Operands operands, PtxType type)
    {
        ulong mask = type.Mask;
        bool wide = operands.Statement.Has("wide");
        return operands.Statement.Name switch
        {
            "add" => Two(operands, (x, y) => (x + y) & mask),
            "sub" => Two(operands, (x, y) => (x - y) & mask),
            "mul" when wide => Two(operands, (x, y) => (ulong)(type.Extend(x) * type.Extend(y))),
            "mul" when operands.Statement.Has("lo") => Two(operands, (x, y) => (x * y) & mask),
            "mad" when wide => Three(operands, (x, y, z) => (ulong)(type.Extend(x) * type.Extend(y)) + z),
            "mad" when operands.Statement.Has("lo") => Three(operands, (x, y, z) => ((x * y) + z) & mask),
            "div" => Two(operands, (x, y) => type.IsSigned ? (ulong)(type.Extend(x) / type.Extend(y)) & mask : (x & mask) / (y & mask)),
            "rem" => Two(operands, (x, y) => type.IsSigned ? (ulong)(type.Extend(x) % type.Extend(y)) & mask : (x & mask) % (y & mask)),
            "and" => Two(operands, (x, y) => x & y & mask),
            "or" => Two(operands, (x, y) => (x | y) & mask),
            "xor" => Two(operands, (x, y) => (x ^ y) & mask),
            "not" => One(operands, x => ~x & mask),
            "neg" => One(operands, x => (0 - x) & mask),
            "abs" => One(operands, x => (ulong)Math.Abs(type.Extend(x)) & mask),
            "shl" => Two(operands, (x, y) => (uint)y >= type.Bits ? 0 : (x << (int)y) & mask),
            "shr" => Two(operands, (x, y) => ShiftRight(type, x, (uint)y)),
            "min" => Two(operands, (x, y) => (type.IsSigned ? type.Extend(x) < type.Extend(y) : (x & mask) < (y & mask)) ? x : y),
            "max" => Two(operands, (x, y) => (type.IsSigned ? type.Extend(x) > type.Extend(y) : (x & mask) > (y & mask)) ? x : y),
            _ => throw operands.Unknown(),
        };
    }

    private static ulong ShiftRight(PtxType type, ulong value, uint by)
    {
        if (type.IsSigned)
        {
            return (ulong)(type.Extend(value) >> (int)Math.Min(by, (uint)type.Bits - 1)) & type.Mask;
        }

        return by >= type.Bits ? 0 : (value & type.Mask) >> (int)by;
    }
}
