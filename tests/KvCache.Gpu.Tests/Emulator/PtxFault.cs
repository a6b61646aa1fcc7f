namespace KvCache.Gpu.Tests.Emulator;

/// <summary>Something that a program must not do, or that the emulator does not know.</summary>
internal sealed class PtxFault(string message) : Exception(message);
