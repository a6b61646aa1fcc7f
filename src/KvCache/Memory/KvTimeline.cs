namespace KvCache.Memory;

/// <summary>An ordered queue of device work, on which points are named by ascending tickets.</summary>
/// <remarks>
/// A device has one timeline per queue (a CUDA stream, a copy worker). Tickets pass in order. Implementations must allow
/// all members to be called from any thread. The idea is that of D3D12 fences and Vulkan timeline semaphores.
/// </remarks>
public abstract class KvTimeline
{
    /// <summary>Answers whether all work up to a ticket has finished. Does not block.</summary>
    /// <param name="ticket">The point asked about.</param>
    /// <returns>Whether it has passed.</returns>
    public abstract bool HasPassed(long ticket);

    /// <summary>Blocks until all work up to a ticket has finished.</summary>
    /// <param name="ticket">The point to wait for.</param>
    public abstract void Wait(long ticket);

    /// <summary>Answers whether the work of exactly this ticket failed. Meaningful once the ticket has passed.</summary>
    /// <param name="ticket">The point asked about.</param>
    /// <returns>Whether it failed.</returns>
    public abstract bool HasFailed(long ticket);
}
