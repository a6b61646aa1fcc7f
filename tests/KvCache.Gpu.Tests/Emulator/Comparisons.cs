namespace KvCache.Gpu.Tests.Emulator;

/// <summary><c>setp</c>: comparisons.</summary>
internal static class Comparisons
{
    public static Effect Compile(Operands operands)
    {
        PtxStatement statement = operands.Statement;
        PtxType type = statement.Type;
        string relation = statement.Part(1);
        if (operands.Count != 3)
        {
            throw operands.Unknown();
        }

        if (type.IsFloat)
        {
            // The relations of letters that end in u hold for what is no number, too.
            return Arithmetic.Two(operands, (x, y) => OfFloats(relation, Words.Float(x), Words.Float(y)) ? 1ul : 0);
        }

        Func<ulong, ulong, int> compare = type.IsSigned
            ? (x, y) => type.Extend(x).CompareTo(type.Extend(y))
            : (x, y) => (x & type.Mask).CompareTo(y & type.Mask);
        return Arithmetic.Two(operands, relation switch
        {
            "eq" => (x, y) => compare(x, y) == 0 ? 1ul : 0,
            "ne" => (x, y) => compare(x, y) != 0 ? 1ul : 0,
            "lt" or "lo" => (x, y) => compare(x, y) < 0 ? 1ul : 0,
            "le" or "ls" => (x, y) => compare(x, y) <= 0 ? 1ul : 0,
            "gt" or "hi" => (x, y) => compare(x, y) > 0 ? 1ul : 0,
            "ge" or "hs" => (x, y) => compare(x, y) >= 0 ? 1ul : 0,
            _ => throw operands.Unknown(),
        });
    }

    private static bool OfFloats(string relation, float x, float y)
    {
        bool unordered = relation.Length == 3 && relation[2] == 'u' && (float.IsNaN(x) || float.IsNaN(y));
        return unordered || relation[..2] switch
        {
            "eq" => x == y,
            "ne" => x < y || x > y,
            "lt" => x < y,
            "le" => x <= y,
            "gt" => x > y,
            _ => x >= y,
        };
    }
}
