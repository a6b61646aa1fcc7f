namespace Replay.Figures;

/// <summary>Serves many cases beside each other; the outcomes stand in the order of the cases, whatever ends first.</summary>
internal static class Cases
{
    public static IReadOnlyList<Outcome> Serve(IReadOnlyList<Case> cases, int seeds, Action<double> report)
    {
        Outcome[][] outcomes = [.. cases.Select(_ => new Outcome[seeds])];
        int done = 0;
        Lock gate = new();
        Parallel.For(0, cases.Count * seeds, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, i =>
        {
            outcomes[i / seeds][i % seeds] = CaseRun.Serve(cases[i / seeds], i % seeds);
            lock (gate)
            {
                report((double)++done / (cases.Count * seeds));
            }
        });
        return [.. outcomes.Select(Outcome.Mean)];
    }
}
