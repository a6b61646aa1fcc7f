namespace KvCache.Memory;

/// <summary>A copy under way: a fence, and a result that must be looked at before the destination is read.</summary>
/// <remarks>A failed or unfinished copy is a miss, never a hit. The default is a copy that has succeeded. Any thread.</remarks>
/// <param name="Fence">Passes when the copy has ended, well or badly.</param>
public readonly record struct KvTransfer(KvFence Fence)
{
    /// <summary>Asks for the result without blocking.</summary>
    /// <param name="succeeded">Whether the bytes have arrived, once the answer is true.</param>
    /// <returns>Whether the copy has ended.</returns>
    public bool TryGetResult(out bool succeeded)
    {
        bool ended = Fence.HasPassed;
        succeeded = ended && !HasFailed;
        return ended;
    }

    /// <summary>Blocks until the copy has ended.</summary>
    /// <returns>Whether the bytes have arrived.</returns>
    public bool Wait()
    {
        Fence.Wait();
        return !HasFailed;
    }

    private bool HasFailed => Fence.Timeline?.HasFailed(Fence.Ticket) ?? false;
}
