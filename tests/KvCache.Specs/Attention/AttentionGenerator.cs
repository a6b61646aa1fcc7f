using FsCheck;
using FsCheck.Fluent;

namespace KvCache.Specs.Attention;

/// <summary>Draws cases, weighted to the edges of pages, tiles and vectors, and makes failing ones smaller.</summary>
internal static class AttentionGenerator
{
    /// <summary>Multiplications of a case, at most: a reference that computes them one by one must not take long.</summary>
    public const long Budget = 1_500_000;

    // What an exponential costs, in multiplications.
    private const int ExponentialCost = 24;
    private const int UnreadPositions = 200;

    private static readonly Gen<int> Dims = Gen.Frequency(
        (5, Gen.Elements(8, 16, 32, 64, 128)),
        (3, Gen.Elements(9, 20, 72, 80, 96, 100, 112, 127, 192, 256)),
        (2, Gen.Choose(8, 256)),
        (1, Gen.Elements(1, 2, 3, 5, 7, 320)));

    private static readonly Gen<(int KvHeads, int Group)> Heads = Gen.Frequency(
        (2, Gen.Choose(1, 8).Select(kvHeads => (kvHeads, 1))),
        (5, from kvHeads in Gen.Choose(1, 4) from size in Gen.Elements(2, 3, 4, 5, 6, 7, 8, 12, 16) select (kvHeads, size)),
        (2, Gen.Elements(8, 12, 16, 31, 32).Select(size => (1, size))));

    private static readonly Gen<int> Lengths = Gen.Frequency(
        (5, Gen.Elements(0, 1, 2, 7, 8, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65)),
        (4, Gen.Elements(127, 128, 129, 255, 256, 257, 511, 512, 513, 1023, 1024, 1025, 2047, 2048, 2049, 4095, 4097)),
        (4, Gen.Choose(0, 300)),
        (1, Gen.Choose(300, 5000)));

    private static readonly Gen<AttentionRow> Rows =
        from cached in Gen.Frequency((5, Lengths), (1, Gen.Constant(0)))
        from computed in Gen.Frequency(
            (6, Gen.Constant(1)),
            (1, Gen.Constant(0)),
            (2, Gen.Choose(2, 8)),
            (3, Gen.Elements(15, 16, 17, 31, 33, 63, 64, 65, 127, 129)),
            (1, Gen.Choose(9, 200)))
        from shared in Gen.Frequency((3, Gen.Constant(0)), (1, Gen.Choose(1, 600)))
        from ahead in Gen.Frequency((4, Gen.Constant(0)), (1, Gen.Choose(1, 40)))
        select new AttentionRow(cached, computed, shared, ahead);

    private static readonly Gen<AttentionRow[]> Batches = Gen.Frequency(
        (2, Rows.ArrayOf(1)),
        (5, Gen.Choose(2, 6).SelectMany(count => Rows.ArrayOf(count))),
        (1, Gen.Choose(7, 24).SelectMany(count => Rows.ArrayOf(count))));

    private static readonly Gen<(float Scale, float SoftCap, float Spread)> Scorings =
        from scale in Gen.Frequency((4, Gen.Constant(0f)), (2, Gen.Choose(1, 100).Select(n => n / 100f)), (1, Gen.Constant(-0.25f)))
        from cap in Gen.Frequency((3, Gen.Constant(0f)), (2, Gen.Choose(5, 50).Select(n => (float)n)))
        from spread in Gen.Elements(0.25f, 1f, 2f)
        select (scale, cap, cap == 0 ? 2 * spread : cap * spread);

    private static readonly Gen<AttentionCase> Cases =
        from type in Gen.Elements(KvElementType.Float32, KvElementType.Float16, KvElementType.BFloat16)
        from heads in Heads
        from keyDim in Dims
        from valueDim in Gen.Frequency((2, Gen.Constant(keyDim)), (1, Dims))
        from page in Gen.Elements(1, 2, 3, 16, 32, 64, 128)
        from gap in Gen.Frequency((2, Gen.Constant(0)), (1, Gen.Elements(1, 3, 8, 64)))
        from skew in Gen.Frequency((1, Gen.Constant(0)), (2, Gen.Choose(0, 15)))
        from scattered in Gen.Elements(true, true, false)
        from scoring in Scorings
        from poison in Gen.Choose(0, (int)PoisonKind.Mixed)
        from rows in Batches
        from seed in Gen.Choose(0, int.MaxValue - 1)
        select Fit(new AttentionCase
        {
            ElementType = type,
            KvHeads = heads.KvHeads,
            Group = heads.Group,
            KeyDim = keyDim,
            ValueDim = valueDim,
            PageTokens = page,
            Layer = seed % 4 == 0 ? 0 : 1,
            Scattered = scattered,
            Gap = gap,
            Skew = skew,
            Scale = scoring.Scale,
            SoftCap = scoring.SoftCap,
            Spread = scoring.Spread,
            Poison = (PoisonKind)poison,
            Seed = seed,
            Rows = rows,
        });

    public static Arbitrary<AttentionCase> Arbitrary { get; } = Arb.From(Cases, Shrink);

    /// <summary>Makes a case possible (only cached positions can be shared), and small enough.</summary>
    private static AttentionCase Fit(AttentionCase drawn)
    {
        bool keepRows = drawn.Seed % 2 == 0;
        AttentionCase fitted = drawn;
        while (fitted.Pairs * (fitted.KeyDim + fitted.ValueDim + ExponentialCost) > Budget)
        {
            fitted = keepRows && SmallerShape(fitted) is { } smaller ? smaller : SmallerRows(fitted);
        }

        return fitted with { Rows = Possible(fitted.Rows) };
    }

    private static AttentionCase? SmallerShape(AttentionCase drawn) => drawn switch
    {
        { KvHeads: > 2 } => drawn with { KvHeads = drawn.KvHeads / 2 },
        { KeyDim: > 100 } or { ValueDim: > 100 } => drawn with { KeyDim = (drawn.KeyDim / 2) + 1, ValueDim = (drawn.ValueDim / 2) + 1 },
        { Group: > 3 } => drawn with { Group = (drawn.Group / 2) + 1 },
        { KvHeads: > 1 } => drawn with { KvHeads = 1 },
        { KeyDim: > 9 } => drawn with { KeyDim = (drawn.KeyDim / 2) + 1 },
        { ValueDim: > 9 } => drawn with { ValueDim = (drawn.ValueDim / 2) + 1 },
        _ => null,
    };

    private static AttentionCase SmallerRows(AttentionCase drawn)
    {
        int costliest = 0;
        for (int row = 1; row < drawn.Rows.Length; row++)
        {
            costliest = Cost(drawn.Rows[row]) > Cost(drawn.Rows[costliest]) ? row : costliest;
        }

        AttentionRow[] rows = [.. drawn.Rows];
        AttentionRow large = rows[costliest];
        rows[costliest] = large.Computed > 17
            ? large with { Computed = (large.Computed / 2) + 1 }
            : large with { Cached = large.Cached / 2, Computed = Math.Max(1, large.Computed - 1) };
        return drawn with { Rows = rows };
    }

    private static long Cost(AttentionRow row) => (long)row.Computed * row.Length;

    private static AttentionRow[] Possible(AttentionRow[] rows)
    {
        AttentionRow[] possible = [.. rows.Select(row => row.Computed == 0 ? row with { Cached = Math.Min(row.Cached, UnreadPositions) } : row)];
        for (int row = 0; row < possible.Length; row++)
        {
            int most = row == 0 ? 0 : Math.Min(possible[row - 1].Cached, possible[row].Cached);
            possible[row] = possible[row] with { Shared = Math.Min(possible[row].Shared, most) };
        }

        return possible;
    }

    private static IEnumerable<AttentionCase> Shrink(AttentionCase drawn)
    {
        for (int row = 0; row < drawn.Rows.Length; row++)
        {
            yield return drawn with { Rows = Possible([.. drawn.Rows[..row], .. drawn.Rows[(row + 1)..]]) };
        }

        for (int row = 0; row < drawn.Rows.Length; row++)
        {
            foreach (AttentionRow smaller in Shrink(drawn.Rows[row]))
            {
                AttentionRow[] rows = [.. drawn.Rows];
                rows[row] = smaller;
                yield return drawn with { Rows = Possible(rows) };
            }
        }

        foreach (AttentionCase simpler in Simpler(drawn).Where(simpler => simpler.ToString() != drawn.ToString()))
        {
            yield return simpler;
        }
    }

    private static IEnumerable<AttentionCase> Simpler(AttentionCase drawn)
    {
        yield return drawn with { ElementType = KvElementType.Float32 };
        yield return drawn with { Gap = 0 };
        yield return drawn with { Skew = 0 };
        yield return drawn with { Scattered = false };
        yield return drawn with { Scale = 0 };
        yield return drawn with { SoftCap = 0, Spread = Math.Min(2, drawn.Spread) };
        yield return drawn with { KvHeads = 1 };
        yield return drawn with { Group = 1 };
        yield return drawn with { Group = Math.Max(1, drawn.Group - 1) };
        yield return drawn with { KeyDim = (drawn.KeyDim + 1) / 2 };
        yield return drawn with { ValueDim = (drawn.ValueDim + 1) / 2 };
        yield return drawn with { KeyDim = Math.Max(1, drawn.KeyDim - 1) };
        yield return drawn with { ValueDim = Math.Max(1, drawn.ValueDim - 1) };
        yield return drawn with { PageTokens = 16 };
    }

    private static IEnumerable<AttentionRow> Shrink(AttentionRow row)
    {
        foreach (AttentionRow smaller in (AttentionRow[])
        [
            row with { Shared = 0 },
            row with { Ahead = 0 },
            row with { Computed = Math.Min(1, row.Computed) },
            row with { Computed = row.Computed / 2 },
            row with { Computed = Math.Max(0, row.Computed - 1) },
            row with { Cached = row.Cached / 2 },
            row with { Cached = Math.Max(0, row.Cached - 1) },
        ])
        {
            if (smaller != row)
            {
                yield return smaller;
            }
        }
    }
}
