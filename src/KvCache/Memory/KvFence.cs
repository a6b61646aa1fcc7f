namespace KvCache.Memory;

/// <summary>A point in a device's work: it passes when everything submitted before it has finished.</summary>
/// <remarks>A value of 16 bytes; the default has always passed. Any thread.</remarks>
/// <param name="Timeline">The queue of work, or null for a point that has passed.</param>
/// <param name="Ticket">The point on it.</param>
public readonly record struct KvFence(KvTimeline? Timeline, long Ticket)
{
    /// <summary>Gets a value indicating whether everything before the point has finished. Does not block.</summary>
    public bool HasPassed => Timeline is null || Timeline.HasPassed(Ticket);

    /// <summary>Blocks until everything before the point has finished.</summary>
    public void Wait() => Timeline?.Wait(Ticket);
}
