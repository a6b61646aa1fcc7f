namespace KvCache.Gpu.Tests.Emulator;

/// <summary>A grid of blocks.</summary>
/// <param name="X">Blocks along x.</param>
/// <param name="Y">Blocks along y.</param>
/// <param name="Z">Blocks along z.</param>
/// <param name="Threads">Threads of a block.</param>
/// <param name="SharedBytes">Shared memory beyond what the kernel declares.</param>
/// <param name="Parameters">The parameters, as they lie in memory.</param>
/// <param name="Memory">The memory of the device.</param>
internal readonly record struct Launch(int X, int Y, int Z, int Threads, int SharedBytes, byte[] Parameters, GlobalMemory Memory);
