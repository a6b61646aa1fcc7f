using ILGPU.Runtime;
using KvCache.Memory;

namespace KvCache.Gpu.Devices;

/// <summary>Device memory that a backend has allocated.</summary>
/// <param name="Address">Its address on the device.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Buffer">The same memory as ILGPU knows it.</param>
/// <param name="Host">The process memory behind it, where the device has none of its own.</param>
internal sealed record DeviceBlock(nint Address, long Length, MemoryBuffer Buffer, KvArena? Host = null);
