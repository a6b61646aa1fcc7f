using System.Text;

namespace KvCache.Specs;

/// <summary>What can be seen of an allocator without changing it, as text that two moments are compared by.</summary>
public sealed record CacheSnapshot(string Text)
{
    /// <summary>Takes a snapshot: usage, cursors and tokens of the open sequences, and what would be found of some prompts.</summary>
    public static CacheSnapshot Take(IKvAllocator allocator, KvSequence[] open, ReadOnlySpan<int[]> prompts)
    {
        allocator.CheckIntegrity();
        StringBuilder text = new();
        foreach (int[] prompt in prompts)
        {
            text.AppendLine($"[{string.Join(' ', prompt)}] {allocator.Probe(prompt, null, 0)}");
        }

        text.AppendLine($"{allocator.Usage}");
        foreach (KvSequence sequence in open)
        {
            int[] tokens = new int[sequence.Length];
            sequence.CopyTokens(0, tokens);
            text.AppendLine(
                $"{sequence.ComputedLength} {sequence.Length} {sequence.Capacity} {sequence.HitLength}: {string.Join(' ', tokens)}");
        }

        return new CacheSnapshot(text.ToString());
    }

    public override string ToString() => Text;
}
