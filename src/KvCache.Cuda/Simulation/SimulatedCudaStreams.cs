namespace KvCache.Cuda.Simulation;

/// <summary>When work runs that was submitted to a stream.</summary>
public enum SimulatedCudaStreams
{
    /// <summary>
    /// As late as it may: when somebody waits for it, or one piece at each question whether it has finished. What does not wait for a fence
    /// is found out on every run.
    /// </summary>
    Lazy,

    /// <summary>When it is submitted.</summary>
    Eager,
}
