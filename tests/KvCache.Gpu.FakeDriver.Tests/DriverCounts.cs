using System.Runtime.InteropServices;

namespace KvCache.Gpu.FakeDriver.Tests;

/// <summary>What the stand-in has given out and not got back, and what it has caught.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct DriverCounts(
    int Contexts,
    int Streams,
    int Events,
    int DeviceBlocks,
    int PinnedBlocks,
    int CallsWithoutContext,
    int UsesAfterFree,
    int PendingOperations,
    int Modules,
    int CaptureViolations);
