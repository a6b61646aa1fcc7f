using KvCache.GpuCheck.Workloads;

namespace KvCache.GpuCheck.Checks;

/// <summary>A batch drawn from a seed: a shape, and for each row what is cached and what is new.</summary>
internal sealed record AttentionCase(int Seed, AttentionShape Shape, int[] Cached, int[] New)
{
    private static readonly int[] Dims = [8, 16, 40, 64, 72, 96, 128, 128, 160, 192, 256];
    private static readonly int[] Groups = [1, 1, 2, 3, 4, 4, 5, 8, 16];
    private static readonly int[] Pages = [1, 8, 12, 16, 16, 32, 64];
    private static readonly KvElementType[] Types = [KvElementType.Float32, KvElementType.Float16, KvElementType.BFloat16];

    public int Tokens => New.Sum();

    public int[] Lengths => [.. Cached.Zip(New, static (cached, added) => cached + added)];

    /// <summary>Draws a case. Equal seeds give equal cases.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="longest">Tokens of a row, at most.</param>
    public static AttentionCase Draw(int seed, int longest)
    {
        Random random = new(seed);
        int kvHeads = random.Next(1, 9);
        int keyDim = Pick(random, Dims);
        int valueDim = random.Next(4) == 0 ? Pick(random, Dims) : keyDim;
        AttentionShape shape = new(
            kvHeads * Pick(random, Groups), kvHeads, keyDim, valueDim, Types[seed % Types.Length], Pick(random, Pages));
        int rows = random.Next(1, 9);
        int kind = random.Next(3); // decode, prompts, both
        int[] cached = new int[rows];
        int[] added = new int[rows];
        for (int row = 0; row < rows; row++)
        {
            bool decodes = kind == 0 || (kind == 2 && random.Next(2) == 0);
            added[row] = random.Next(12) == 0 ? 0 : decodes ? 1 : random.Next(1, Math.Max(2, longest / 4));
            cached[row] = random.Next(5) == 0 ? 0 : random.Next(longest);
        }

        return new AttentionCase(seed, shape, cached, added);
    }

    public override string ToString() =>
        $"seed {Seed}: {Shape}, cached {string.Join(' ', Cached)}, new {string.Join(' ', New)}";

    private static int Pick(Random random, int[] from) => from[random.Next(from.Length)];
}
