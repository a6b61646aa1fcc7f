using System.Reflection;
using System.Runtime.InteropServices;
using ILGPU;

namespace KvCache.Gpu.Devices;

/// <summary>Finds the drivers' libraries by the names that they have on machines without development packages.</summary>
/// <remarks>
/// ILGPU asks for <c>libcuda.so</c> and <c>libOpenCL.so</c>; drivers install <c>libcuda.so.1</c> and <c>libOpenCL.so.1</c>. An assembly has
/// one resolver: where somebody has set one for ILGPU's before, that one decides.
/// </remarks>
internal static class DriverLibraries
{
    private const string Cuda = "cuda";
    private const string OpenCL = "OpenCL";
    private static readonly Lazy<bool> Installed = new(InstallOnce);

    /// <summary>Gets or sets a file to load as CUDA's driver, and as nothing else; null for the system's. To be set before anything is loaded.</summary>
    public static string? CudaFile { get; set; }

    /// <summary>Makes ILGPU find the libraries.</summary>
    /// <returns>False where another resolver was set before.</returns>
    public static bool Install() => Installed.Value;

    /// <summary>Loads CUDA's driver, or returns what is loaded already.</summary>
    public static bool TryLoadCuda(out nint library) => TryLoad(CudaNames(), out library);

    /// <summary>Loads OpenCL's loader, or returns what is loaded already.</summary>
    public static bool TryLoadOpenCL(out nint library) => TryLoad(OpenCLNames(), out library);

    private static string[] CudaNames()
    {
        if (CudaFile is not null)
        {
            return [CudaFile];
        }

        return OperatingSystem.IsWindows() ? ["nvcuda.dll"] : ["libcuda.so.1", "libcuda.so"];
    }

    private static string[] OpenCLNames() => OperatingSystem.IsWindows() ? ["OpenCL.dll"] : ["libOpenCL.so.1", "libOpenCL.so"];

    private static bool TryLoad(string[] names, out nint library)
    {
        foreach (string name in names)
        {
            if (NativeLibrary.TryLoad(name, out library))
            {
                return true;
            }
        }

        library = 0;
        return false;
    }

    private static bool InstallOnce()
    {
        try
        {
            NativeLibrary.SetDllImportResolver(typeof(Context).Assembly, Resolve);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath)
    {
        nint library = 0;
        if (name is Cuda or "nvcuda")
        {
            TryLoadCuda(out library);
        }
        else if (name == OpenCL)
        {
            TryLoadOpenCL(out library);
        }

        // 0 leaves the search to the runtime.
        return library;
    }
}
