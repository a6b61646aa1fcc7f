using KvCache.Memory;

namespace KvCache.Gpu.Devices;

/// <summary>Host memory that a backend has allocated for copies.</summary>
/// <param name="Address">Its address.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Plain">The plain memory behind it, where the driver knows no pinned memory.</param>
internal sealed record PinnedBlock(nint Address, long Length, KvArena? Plain = null);
