namespace KvCache.Gpu.Attention;

/// <summary>How the threads of a kernel share its work.</summary>
internal enum KernelForm
{
    /// <summary>A query of a head for each thread, any number of new tokens.</summary>
    Threads,

    /// <summary>A segment of a row for each warp.</summary>
    Warps,

    /// <summary>64 queries for each group.</summary>
    Tiles,

    /// <summary>Tensor cores.</summary>
    Tensor,
}
