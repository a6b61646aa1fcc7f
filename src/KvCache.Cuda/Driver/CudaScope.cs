namespace KvCache.Cuda.Driver;

/// <summary>A time during which a context is current on a thread.</summary>
internal readonly unsafe ref struct CudaScope(CudaDriver driver, nint previous)
{
    /// <summary>Makes the thread's own context current again. A thread that had none keeps ours, which saves the next call.</summary>
    public void Dispose()
    {
        if (previous != 0)
        {
            // Refused only if its owner has destroyed the context meanwhile, who will hear it from the next call.
            _ = driver.Entries.cuCtxSetCurrent(previous);
        }
    }
}
