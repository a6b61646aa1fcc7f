using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;

namespace Generate.Tests.Golden;

/// <summary>What the reference implementation computed for three sequences of the stories model.</summary>
internal sealed class StoriesReference
{
    public const int Vocabulary = 512;
    private const string Folder = "models/stories260K/";

    private StoriesReference(IReadOnlyList<int[]> tokens, IReadOnlyList<int[]> argmaxes, float[] logits)
    {
        Tokens = tokens;
        Argmaxes = argmaxes;
        Logits = [.. tokens.Select((sequence, i) => logits.AsSpan(
            tokens.Take(i).Sum(static earlier => earlier.Length) * Vocabulary, sequence.Length * Vocabulary).ToArray())];
    }

    /// <summary>Gets the tokens fed, for each sequence.</summary>
    public IReadOnlyList<int[]> Tokens { get; }

    /// <summary>Gets the token with the largest logit at each position.</summary>
    public IReadOnlyList<int[]> Argmaxes { get; }

    /// <summary>Gets each sequence's logits, [positions][vocabulary].</summary>
    public IReadOnlyList<float[]> Logits { get; }

    public static string ModelPath => SharedFiles.Find(SharedFiles.Stories);

    public static string TextPath => SharedFiles.Find(Folder + "greedy_256_empty_prompt.txt");

    public static StoriesReference Read()
    {
        int[][] rows = [.. File.ReadLines(SharedFiles.Find(Folder + "greedy.csv")).Skip(1).Select(static line =>
            line.Split(',')[..4].Select(static field => int.Parse(field, CultureInfo.InvariantCulture)).ToArray())];
        IGrouping<int, int[]>[] sequences = [.. rows.GroupBy(static row => row[0])];
        return new StoriesReference(
            [.. sequences.Select(static sequence => sequence.Select(static row => row[2]).ToArray())],
            [.. sequences.Select(static sequence => sequence.Select(static row => row[3]).ToArray())],
            ReadLogits(rows.Length));
    }

    private static float[] ReadLogits(int positions)
    {
        using FileStream file = File.OpenRead(SharedFiles.Find(Folder + "logits_f32.bin.gz"));
        using GZipStream unzipped = new(file, CompressionMode.Decompress);
        float[] logits = new float[positions * Vocabulary];
        unzipped.ReadExactly(MemoryMarshal.AsBytes(logits.AsSpan()));
        return logits;
    }
}
