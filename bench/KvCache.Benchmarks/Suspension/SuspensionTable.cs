using System.Globalization;
using System.Runtime.InteropServices;
using KvCache.Memory;
using KvCache.Paged;
using KvCache.Tiers;
using KvCache.Virtual;

namespace KvCache.Benchmarks.Suspension;

/// <summary>Times suspending and resuming one long sequence beside copying as many bytes from one range of memory to another, by turns.</summary>
/// <remarks>Prefixes are not cached, so that everything comes back by copying. Every byte is compared after every round.</remarks>
internal static class SuspensionTable
{
    private const int Tokens = 4096;
    private const int Rounds = 9;
    private static readonly KvGeometry Geometry = KvGeometry.Create(layers: 32, kvHeads: 8, headDim: 128, KvElementType.Float16);
    private static readonly long Bytes = Geometry.BytesPerToken * Tokens;

    public static void Run(TextWriter output)
    {
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Tokens} tokens, {Geometry}: {Bytes >> 20} MiB. {Rounds} rounds; GB/s, medians. Copying: `Buffer.MemoryCopy` of as many bytes, one thread, as the host device copies."));
        output.WriteLine();
        output.WriteLine("| manager | copying | suspend | resume | suspend : copying | resume : copying | both : copying | first suspend, memory never touched | bytes intact |");
        output.WriteLine("|---|---:|---:|---:|---:|---:|---:|---:|---|");
        HostTierOptions host = new() { MemoryBytes = Bytes };
        using (PagedKvAllocator paged = new(new PagedKvAllocatorOptions { Geometry = Geometry, MemoryBytes = Bytes, PrefixCaching = false, HostTier = host }))
        {
            Measure("paged", paged, output);
        }

        if (VirtualKvAllocator.IsSupported)
        {
            using VirtualKvAllocator tensors = new(new VirtualKvAllocatorOptions { Geometry = Geometry, MemoryBytes = Bytes, PrefixCaching = false, HostTier = host, MaxSequences = 2 });
            Measure("virtual", tensors, output);
        }
    }

    private static void Measure(string name, IKvAllocator allocator, TextWriter output)
    {
        using HostCopy copy = new(Bytes);
        if (!allocator.TryOpen(new int[Tokens], null, 0, out KvSequence? sequence, out KvRefusal refusal))
        {
            throw new InvalidOperationException($"{name}: {refusal}");
        }

        using (KvStep step = allocator.BeginStep([new KvRow(sequence, Tokens)]))
        {
            TokenPattern.Write(step, Geometry.LayerCount, Tokens);
            step.Complete();
        }

        double first = Time(() => Suspend(sequence));
        Resume(sequence);
        bool intact = true;
        List<(double Copying, double Suspend, double Resume)> rounds = [];
        for (int round = 0; round < Rounds; round++)
        {
            rounds.Add((Time(copy.Run), Time(() => Suspend(sequence)), Time(() => Resume(sequence))));
            using KvStep step = allocator.BeginStep([new KvRow(sequence, 0)]);
            intact &= TokenPattern.IsIntact(step, Geometry.LayerCount, Tokens);
        }

        sequence.Dispose();
        string[] cells =
        [
            name,
            Rate(Median(rounds.Select(static round => round.Copying))),
            Rate(Median(rounds.Select(static round => round.Suspend))),
            Rate(Median(rounds.Select(static round => round.Resume))),
            Share(Median(rounds.Select(static round => round.Copying / round.Suspend))),
            Share(Median(rounds.Select(static round => round.Copying / round.Resume))),
            Share(Median(rounds.Select(static round => 2 * round.Copying / (round.Suspend + round.Resume)))),
            Rate(first),
            intact ? "yes" : "NO",
        ];
        output.WriteLine($"| {string.Join(" | ", cells)} |");
    }

    private static void Suspend(KvSequence sequence)
    {
        if (!sequence.TrySuspend(out KvRefusal refusal))
        {
            throw new InvalidOperationException($"Suspending was refused: {refusal}.");
        }
    }

    private static void Resume(KvSequence sequence)
    {
        if (!sequence.TryResume(out KvRefusal refusal))
        {
            throw new InvalidOperationException($"Resuming was refused: {refusal}.");
        }
    }

    private static double Time(Action work)
    {
        long start = TimeProvider.System.GetTimestamp();
        work();
        return TimeProvider.System.GetElapsedTime(start).TotalSeconds;
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(Rounds / 2);

    private static string Rate(double seconds) => string.Create(CultureInfo.InvariantCulture, $"{Bytes / seconds / 1e9:F1}");

    private static string Share(double ratio) => string.Create(CultureInfo.InvariantCulture, $"{ratio:P0}");

    /// <summary>Two ranges of memory, both touched.</summary>
    private sealed unsafe class HostCopy : IDisposable
    {
        private readonly KvArena _source;
        private readonly KvArena _destination;

        public HostCopy(long bytes)
        {
            _source = HostDevice.Instance.TryAllocate(bytes, out KvArena? source) ? source : throw new InsufficientMemoryException();
            _destination = HostDevice.Instance.TryAllocate(bytes, out KvArena? destination) ? destination : throw new InsufficientMemoryException();
            NativeMemory.Fill((void*)_source.Address, (nuint)bytes, 1);
            Run();
        }

        public void Run() => Buffer.MemoryCopy((void*)_source.Address, (void*)_destination.Address, _destination.Length, _source.Length);

        public void Dispose()
        {
            _source.Dispose();
            _destination.Dispose();
        }
    }
}
