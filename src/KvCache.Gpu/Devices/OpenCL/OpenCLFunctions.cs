using System.Runtime.InteropServices;

namespace KvCache.Gpu.Devices.OpenCL;

/// <summary>The functions of OpenCL that ILGPU does not offer, from the library that ILGPU uses. All answer a <c>cl_int</c>.</summary>
internal sealed unsafe class OpenCLFunctions
{
    public readonly delegate* unmanaged<nint, uint, nint*, nint*, int> EnqueueMarker;
    public readonly delegate* unmanaged<nint, uint, nuint, void*, nuint*, int> GetEventInfo;
    public readonly delegate* unmanaged<uint, nint*, int> WaitForEvents;
    public readonly delegate* unmanaged<nint, int> RetainEvent;
    public readonly delegate* unmanaged<nint, int> ReleaseEvent;

    private OpenCLFunctions(nint library)
    {
        EnqueueMarker = (delegate* unmanaged<nint, uint, nint*, nint*, int>)Find(library, "clEnqueueMarkerWithWaitList");
        GetEventInfo = (delegate* unmanaged<nint, uint, nuint, void*, nuint*, int>)Find(library, "clGetEventInfo");
        WaitForEvents = (delegate* unmanaged<uint, nint*, int>)Find(library, "clWaitForEvents");
        RetainEvent = (delegate* unmanaged<nint, int>)Find(library, "clRetainEvent");
        ReleaseEvent = (delegate* unmanaged<nint, int>)Find(library, "clReleaseEvent");
    }

    /// <summary>Finds the functions in OpenCL's library.</summary>
    public static OpenCLFunctions Load() => DriverLibraries.TryLoadOpenCL(out nint library)
        ? new OpenCLFunctions(library)
        : throw new PlatformNotSupportedException("OpenCL's library cannot be loaded.");

    private static nint Find(nint library, string name) => NativeLibrary.TryGetExport(library, name, out nint address)
        ? address
        : throw new PlatformNotSupportedException($"OpenCL's library has no {name}; OpenCL 1.2 or newer is needed.");
}
