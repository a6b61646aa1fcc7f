using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using KvCache.Memory;

namespace KvCache.Benchmarks.Workloads;

/// <summary>The host's memory where the system is asked not to use huge pages.</summary>
internal sealed partial class SmallPageDevice : IKvDevice
{
    private const int AdviseNoHugePage = 15;

    public string Name => "host, small pages";

    public bool HasMemory => true;

    public bool TryAllocate(long bytes, [NotNullWhen(true)] out KvArena? arena)
    {
        if (!HostDevice.Instance.TryAllocate(bytes, out arena))
        {
            return false;
        }

        long page = Environment.SystemPageSize;
        nint first = arena.Address / (nint)page * (nint)page;
        if (Advise(first, (nuint)(arena.Address + (nint)bytes - first), AdviseNoHugePage) != 0)
        {
            throw new InvalidOperationException($"madvise failed: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        return true;
    }

    public KvTransfer Copy(ReadOnlySpan<KvCopy> copies) => HostDevice.Instance.Copy(copies);

    public KvFence RecordFence() => HostDevice.Instance.RecordFence();

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    private static partial int Advise(nint address, nuint length, int advice);
}
