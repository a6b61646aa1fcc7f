namespace Replay.Footprints;

/// <summary>Runs batch after batch, each with every manager.</summary>
internal static class FootprintRun
{
    /// <exception cref="ReplayException">A sequence or a batch has no addresses.</exception>
    public static IReadOnlyList<Footprint> Run(FootprintOptions options, IReadOnlyList<int> batches, Action<double> report)
    {
        List<Footprint> footprints = [];
        foreach (int batch in batches)
        {
            foreach (string manager in FootprintManagers.Names)
            {
                try
                {
                    footprints.Add(SimulatedServer.Run(manager, options, batch));
                }
                catch (Exception exception) when (exception is OverflowException or ArgumentException)
                {
                    throw new ReplayException(
                        $"{batch} sequences of up to {options.Longest} tokens in blocks of {options.BlockTokens}: expected what the {manager} manager can address. {exception.Message}");
                }

                report((double)footprints.Count / (batches.Count * FootprintManagers.Names.Count));
            }
        }

        return footprints;
    }
}
