using KvCache;
using Replay.Manager;
using Replay.Serving;

namespace Replay.Planning;

/// <summary>How many sequences a manager takes in, asked of the manager itself.</summary>
/// <param name="Tokens">As many as the manager has places for.</param>
/// <param name="Sequences">As many as fit with a whole prompt and a whole answer each.</param>
/// <param name="Waste">The share of the memory held that holds no token, 0 … 1, with sequences in all stages of their answers.</param>
internal readonly record struct Fit(long Tokens, int Sequences, double Waste)
{
    public static Fit Of(string manager, Server server, int context, int output)
    {
        // Every sequence holds one block at least.
        CacheOptions cache = server.Cache with { MaxSequences = server.Blocks, MaxSequenceTokens = context + output };
        (long tokens, int sequences, _) = Fill(manager, cache, _ => context + output);
        int stages = Math.Max(1, sequences);
        return new Fit(tokens, sequences, Fill(manager, cache, i => context + (int)((long)output * (i % stages) / stages)).Waste);
    }

    /// <summary>Opens sequences of given lengths until one is refused.</summary>
    private static Fit Fill(string manager, CacheOptions cache, Func<int, int> length)
    {
        using IKvAllocator allocator = Managers.Create(manager, cache);
        List<KvSequence> sequences = [];
        int[] tokens = new int[length(0)];
        long held = 0;
        while (true)
        {
            Array.Resize(ref tokens, length(sequences.Count));

            // Every sequence has its own tokens, so that none shares another's memory.
            Array.Fill(tokens, sequences.Count);
            if (!allocator.TryOpen(tokens, null, reserve: 0, out KvSequence? sequence, out _))
            {
                break;
            }

            sequences.Add(sequence);
            held += tokens.Length;
        }

        long owned = allocator.Usage.OwnedBytes;
        Fit fit = new(
            (long)allocator.Usage.TotalBlocks * allocator.BlockTokens,
            sequences.Count,
            owned == 0 ? 0 : 1 - ((double)held * cache.Geometry.BytesPerToken / owned));
        sequences.ForEach(static sequence => sequence.Dispose());
        return fit;
    }
}
