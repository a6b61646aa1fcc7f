using KvCache.Benchmarks.Contestants;

namespace KvCache.Benchmarks.Ratios;

/// <summary>Times contestants in turn, round after round, so that whatever disturbs the machine disturbs all of them alike.</summary>
/// <param name="rounds">How many rounds count.</param>
/// <param name="turn">How long each contestant is timed in a round.</param>
/// <param name="touchesAll">Whether all of a contestant's memory is used once before each of its turns.</param>
internal sealed class RatioRounds(int rounds, TimeSpan turn, bool touchesAll)
{
    // Threads of the contestant before may still be spinning, ONNX Runtime's for some 32 ms; they sleep after this.
    private const int SettleMilliseconds = 40;

    // A round in which others used more of the processors is run again, a little later; for so many times as rounds are wanted.
    private const double QuietShare = 0.05;
    private const int DisturbedMilliseconds = 500;
    private const int Patience = 5;

    /// <summary>Gets the seconds per call, [contestant][round], and the share of the processors that others used in the rounds that count.</summary>
    public (double[][] Seconds, double Others) Run(IReadOnlyList<Contestant> contestants)
    {
        int[] calls = [.. contestants.Select(CallsPerTurn)];
        List<(double[] Seconds, double Others)> all = [];
        for (int round = 0, quiet = 0; quiet < rounds && round < rounds * Patience; round++)
        {
            MachineLoad load = MachineLoad.Now();
            double[] seconds = new double[contestants.Count];
            for (int i = 0; i < seconds.Length; i++)
            {
                // Each round begins with another one, so that nobody always follows the same neighbour after the same pause.
                int turnOf = (i + round) % seconds.Length;
                seconds[turnOf] = Time(contestants[turnOf], calls[turnOf]);
            }

            double others = load.OthersSince();
            all.Add((seconds, others));
            if (others <= QuietShare)
            {
                quiet++;
            }
            else
            {
                Thread.Sleep(DisturbedMilliseconds);
            }
        }

        (double[] Seconds, double Others)[] kept = [.. all.OrderBy(static round => round.Others).Take(rounds)];
        return (
            [.. Enumerable.Range(0, contestants.Count).Select(i => kept.Select(round => round.Seconds[i]).ToArray())],
            kept.Average(static round => round.Others));
    }

    private double Time(Contestant contestant, int calls)
    {
        Thread.Sleep(SettleMilliseconds);
        if (touchesAll)
        {
            contestant.RunAll();
        }

        contestant.RunNext();
        long start = TimeProvider.System.GetTimestamp();
        for (int call = 0; call < calls; call++)
        {
            contestant.RunNext();
        }

        return TimeProvider.System.GetElapsedTime(start).TotalSeconds / calls;
    }

    private int CallsPerTurn(Contestant contestant) =>
        (int)Math.Clamp(Math.Ceiling(turn.TotalSeconds / Time(contestant, 1)), 1, 10_000);
}
