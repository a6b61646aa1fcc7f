using KvCache;
using Replay.Serving;

namespace Replay.Planning;

/// <summary>How many sequences a manager takes in, asked of the manager itself.</summary>
/// <param name="Sequences">As many as fit with a whole prompt and a whole answer each.</param>
/// <param name="Waste">The share of the memory held that holds no token, 0 … 1, with sequences in all stages of their answers.</param>
internal readonly record struct Fit(int Sequences, double Waste)
{
    public static Fit Of(string manager, Server server, int context, int output)
    {
        int sequences = Fill(manager, server, _ => context + output, out _);
        int stages = Math.Max(1, sequences);
        Fill(manager, server, i => context + (int)((long)output * (i % stages) / stages), out double waste);
        return new Fit(sequences, waste);
    }

    /// <summary>Opens sequences of given lengths until one is refused.</summary>
    private static int Fill(string manager, Server server, Func<int, int> length, out double waste)
    {
        using IKvAllocator allocator = Managers.Create(manager, server);
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
        waste = owned == 0 ? 0 : 1 - ((double)held * server.Geometry.BytesPerToken / owned);
        sequences.ForEach(static sequence => sequence.Dispose());
        return sequences.Count;
    }
}
