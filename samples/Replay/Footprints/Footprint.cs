namespace Replay.Footprints;

/// <summary>What a device's driver answers while so many sequences run.</summary>
/// <param name="Manager">What keeps their cache.</param>
/// <param name="Batch">How many sequences shall run.</param>
/// <param name="Open">How many of them were taken in; 0 where there is not even memory to begin.</param>
/// <param name="FreeBytes">The device's free memory.</param>
/// <param name="UsedBytes">Its other memory, weights included.</param>
/// <param name="TokenBytes">What the sequences' tokens are of it.</param>
internal readonly record struct Footprint(string Manager, int Batch, int Open, long FreeBytes, long UsedBytes, long TokenBytes)
{
    /// <summary>Gets whether all of the batch runs.</summary>
    public bool Fits => Open == Batch;
}
