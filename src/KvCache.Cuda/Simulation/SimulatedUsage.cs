namespace KvCache.Cuda.Simulation;

/// <summary>How much of the device's memory is used, and was at most.</summary>
internal sealed class SimulatedUsage(ulong total)
{
    public ulong Used { get; private set; }

    public ulong Peak { get; private set; }

    /// <summary>Bytes that others on the device use.</summary>
    public ulong Other { get; set; }

    public ulong Free => total - Math.Min(total, Used + Other);

    public void Take(ulong bytes)
    {
        Used += bytes;
        Peak = Math.Max(Peak, Used);
    }

    public void GiveBack(ulong bytes) => Used -= bytes;
}
