using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using KvCache.Gpu.Devices;
using Xunit;

namespace KvCache.Gpu.FakeDriver.Tests;

/// <summary>The stand-in for CUDA's driver: compiled once per process, loaded in the driver's place, steered by the tests.</summary>
internal static unsafe class FakeDriver
{
    private static readonly Lazy<(nint Library, string? Reason)> Loaded = new(Load);

    /// <summary>Opens the stand-in's device; the test is skipped where it could not be compiled.</summary>
    public static GpuDevice Open()
    {
        Require();
        return GpuDevice.Open(GpuDeviceKind.Cuda);
    }

    /// <summary>Loads the stand-in; the test is skipped where it could not be compiled.</summary>
    public static void Require()
    {
        if (Loaded.Value.Reason is { } reason)
        {
            Assert.Skip(reason);
        }
    }

    /// <summary>Lets the next operations of a stream run.</summary>
    public static void Run(nint stream, int operations) =>
        ((delegate* unmanaged<nint, int, void>)Export("fake_run"))(stream, operations);

    /// <summary>Lets everything run.</summary>
    public static void RunEverything() => ((delegate* unmanaged<void>)Export("fake_run_everything"))();

    /// <summary>Lets the next call of a function answer a code.</summary>
    public static void Fail(string function, int code)
    {
        fixed (byte* name = Encoding.ASCII.GetBytes(function + "\0"))
        {
            ((delegate* unmanaged<byte*, int, void>)Export("fake_fail"))(name, code);
        }
    }

    /// <summary>Lets every call answer a code from now on, as after a kernel has read where nothing is; 0 ends it.</summary>
    public static void Lose(int code) => ((delegate* unmanaged<int, void>)Export("fake_lose"))(code);

    /// <summary>How many blocks of a kernel a multiprocessor has at once; 0 for what shared memory and threads allow, −1 for none.</summary>
    public static void SetOccupancy(int blocks) => ((delegate* unmanaged<int, void>)Export("fake_set_occupancy"))(blocks);

    /// <summary>The compute capability of devices that are opened from now on, in tenths.</summary>
    public static void SetCapability(int tenths) => ((delegate* unmanaged<int, void>)Export("fake_set_capability"))(tenths);

    /// <summary>Lets a function run kernels when their turn comes; null ends it. The function must not call the driver.</summary>
    public static void RunKernels(delegate* unmanaged<DriverLaunch*, void> run) =>
        ((delegate* unmanaged<delegate* unmanaged<DriverLaunch*, void>, void>)Export("fake_run_kernels"))(run);

    /// <summary>A block of device memory by its number, for the function that runs kernels.</summary>
    public static bool TryGetBlock(int number, out nint start, out nint bytes)
    {
        fixed (nint* address = &start, length = &bytes)
        {
            return ((delegate* unmanaged<int, nint*, nint*, int>)Export("fake_block"))(number, address, length) != 0;
        }
    }

    /// <summary>Begins to record what is submitted to a stream instead of running it.</summary>
    public static int BeginCapture(nint stream) => ((delegate* unmanaged<nint, int, int>)Export("cuStreamBeginCapture_v2"))(stream, 0);

    public static int EndCapture(nint stream)
    {
        nint graph;
        return ((delegate* unmanaged<nint, nint*, int>)Export("cuStreamEndCapture"))(stream, &graph);
    }

    public static DriverCounts Count()
    {
        DriverCounts counts;
        ((delegate* unmanaged<DriverCounts*, void>)Export("fake_count"))(&counts);
        return counts;
    }

    /// <summary>The calls since the last time, one a line.</summary>
    public static string[] TakeLog()
    {
        byte[] text = new byte[1 << 20];
        fixed (byte* start = text)
        {
            int length = ((delegate* unmanaged<byte*, int, int>)Export("fake_take_log"))(start, text.Length);
            return Encoding.ASCII.GetString(text, 0, length).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }
    }

    public static nint CurrentContext
    {
        get
        {
            nint context;
            ((delegate* unmanaged<nint*, int>)Export("cuCtxGetCurrent"))(&context);
            return context;
        }

        set => ((delegate* unmanaged<nint, int>)Export("cuCtxSetCurrent"))(value);
    }

    private static nint Export(string name) => NativeLibrary.GetExport(Loaded.Value.Library, name);

    private static (nint Library, string? Reason) Load()
    {
        if (!OperatingSystem.IsLinux())
        {
            return (0, "The stand-in for CUDA's driver is compiled on Linux only.");
        }

        string source = Path.Combine(AppContext.BaseDirectory, "driver.c");
        string library = Path.Combine(AppContext.BaseDirectory, $"stand-in-{Environment.ProcessId}.so");
        foreach (string compiler in (ReadOnlySpan<string>)["gcc", "clang", "cc"])
        {
            if (TryCompile(compiler, source, library))
            {
                nint loaded = NativeLibrary.Load(library);

                // ILGPU and the device load it by this name and get the same library.
                DriverLibraries.CudaFile = library;
                AppDomain.CurrentDomain.ProcessExit += (_, _) => File.Delete(library);
                return (loaded, null);
            }
        }

        return (0, "No C compiler (gcc, clang, cc) was found to compile the stand-in for CUDA's driver with.");
    }

    private static bool TryCompile(string compiler, string source, string library)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(compiler, ["-shared", "-fPIC", "-O1", "-o", library, source, "-lpthread"])
            {
                RedirectStandardError = true,
            })!;
            string errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? true : throw new InvalidOperationException($"{compiler} cannot compile {source}: {errors}");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
