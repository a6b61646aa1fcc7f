using System.Globalization;
using System.Runtime.InteropServices;
using Generate.Engine;
using Generate.Model;
using KvCache;

namespace Generate.Output;

/// <summary>Files of token ids to feed, and the files that their logits go to.</summary>
internal sealed class FeedFiles
{
    private readonly IReadOnlyList<string> _feeds;
    private readonly IReadOnlyList<string> _logits;

    public FeedFiles(IReadOnlyList<string> feeds, IReadOnlyList<string> logits, string? model)
    {
        if (feeds.Count != logits.Count)
        {
            throw new GenerateException($"--feed is given {feeds.Count} times and --logits {logits.Count} times; expected one --logits for each --feed.");
        }

        OutputFiles.EnsureApart(logits, model is null ? feeds : [.. feeds, model]);
        _feeds = feeds;
        _logits = logits;
    }

    public void Run(Transformer model, IKvAllocator allocator, int chunk)
    {
        int[][] sequences = [.. _feeds.Select(path => Read(path, model.Shape.VocabularySize))];
        using OutputFiles files = new(_logits);
        new LogitsFeed(model, allocator, chunk).Run(
            sequences, (sequence, logits) => files.Write(sequence, MemoryMarshal.AsBytes(logits)));
        files.Complete();
    }

    private static int[] Read(string path, int vocabularySize)
    {
        char[] separators = [' ', '\t', '\r', '\n', ','];
        string[] words = File.ReadAllText(path).Split(separators, StringSplitOptions.RemoveEmptyEntries);
        int[] tokens = new int[words.Length];
        for (int i = 0; i < words.Length; i++)
        {
            if (!int.TryParse(words[i], NumberStyles.None, CultureInfo.InvariantCulture, out tokens[i]) || tokens[i] >= vocabularySize)
            {
                throw new GenerateException($"{path}: entry {i + 1} is '{words[i]}'; expected a token id from 0 to {vocabularySize - 1}.");
            }
        }

        return tokens.Length > 0 ? tokens : throw new GenerateException($"{path}: expected token ids, found none.");
    }
}
