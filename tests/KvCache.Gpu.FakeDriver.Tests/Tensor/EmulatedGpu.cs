using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using KvCache.Gpu.Tests.Emulator;

namespace KvCache.Gpu.FakeDriver.Tests.Tensor;

/// <summary>Runs the stand-in's kernels: the very text that was loaded, with the very arguments of the launch, in the stand-in's memory.</summary>
internal static unsafe class EmulatedGpu
{
    private static readonly ConcurrentDictionary<string, PtxKernel> Kernels = [];
    private static readonly List<string> Names = [];
    private static Exception? _failure;

    /// <summary>Begins to run kernels.</summary>
    public static void Begin()
    {
        _failure = null;
        Names.Clear();
        FakeDriver.RunKernels(&Run);
    }

    /// <summary>Ends it.</summary>
    public static void End() => FakeDriver.RunKernels(null);

    /// <summary>The kernels that have run since the last time.</summary>
    public static string[] TakeNames()
    {
        string[] names = [.. Names];
        Names.Clear();
        return names;
    }

    /// <summary>Throws what a kernel has done wrong.</summary>
    public static void Check()
    {
        if (Interlocked.Exchange(ref _failure, null) is { } failure)
        {
            throw new PtxFault(failure.ToString());
        }
    }

    [UnmanagedCallersOnly]
    private static void Run(DriverLaunch* launch)
    {
        try
        {
            GlobalMemory memory = new();
            for (int number = 0; FakeDriver.TryGetBlock(number, out nint start, out nint bytes); number++)
            {
                memory.Map(start, bytes);
            }

            string name = Marshal.PtrToStringUTF8((nint)launch->Name)!;
            Names.Add(name);
            PtxKernel kernel = Kernels.GetOrAdd(Marshal.PtrToStringUTF8((nint)launch->Text)!, static text => new PtxKernel(text));
            byte[] arguments = new ReadOnlySpan<byte>(launch->Arguments, (int)launch->ArgumentBytes).ToArray();
            kernel.Run(new Launch(
                (int)launch->GridX, (int)launch->GridY, (int)launch->GridZ, (int)launch->BlockX, (int)launch->SharedBytes, arguments, memory));
        }
        catch (Exception exception)
        {
            // Nothing may be thrown through the driver.
            _failure ??= exception;
        }
    }
}
