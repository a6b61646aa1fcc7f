using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace KvCache.Cuda.Driver;

/// <summary>Finds the driver's library and its functions.</summary>
internal static unsafe class CudaLibrary
{
    private static readonly string[] Names = OperatingSystem.IsWindows() ? ["nvcuda.dll"] : ["libcuda.so.1", "libcuda.so"];

    /// <summary>Loads the library. It stays loaded: the driver cannot be unloaded from a process that has used it.</summary>
    public static bool TryLoad(out CudaEntryPoints entries, [NotNullWhen(false)] out string? reason)
    {
        foreach (string name in Names)
        {
            if (NativeLibrary.TryLoad(name, out nint library))
            {
                return TryRead(library, name, out entries, out reason);
            }
        }

        entries = default;
        reason = $"No CUDA driver on this machine: {string.Join(" and ", Names)} cannot be loaded.";
        return false;
    }

    /// <summary>Reads the functions of a library that is loaded.</summary>
    public static bool TryRead(nint library, string name, out CudaEntryPoints entries, [NotNullWhen(false)] out string? reason)
    {
        string[] names = Enum.GetNames<CudaEntryPoint>();
        List<string> missing = [];
        fixed (CudaEntryPoints* table = &entries)
        {
            for (int i = 0; i < names.Length; i++)
            {
                if (!NativeLibrary.TryGetExport(library, names[i], out ((nint*)table)[i]))
                {
                    missing.Add(names[i]);
                }
            }
        }

        reason = missing.Count == 0
            ? null
            : $"{name} has no {string.Join(", ", missing)}: virtual memory management needs a driver of CUDA 10.2 or newer.";
        return reason is null;
    }
}
