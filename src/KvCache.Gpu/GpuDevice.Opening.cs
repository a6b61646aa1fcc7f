using System.Collections.Immutable;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;
using KvCache.Gpu.Devices;
using KvCache.Gpu.Devices.Cuda;
using KvCache.Gpu.Devices.OpenCL;

namespace KvCache.Gpu;

/// <content>Which devices there are, and how one is opened.</content>
public sealed partial class GpuDevice
{
    private GpuDevice(Accelerator accelerator, AcceleratorStream? stream, GpuDeviceInfo info, Context? ownedContext)
    {
        Accelerator = accelerator;
        Info = info;
        _ownedContext = ownedContext;
        _ownsStream = stream is null;
        Stream = stream ?? accelerator.CreateStream();
        _map = new AddressMap(info.Name);
        _tables = new StepTables(this);
        _backend = accelerator switch
        {
            CudaAccelerator cuda => new CudaBackend(cuda, Stream),
            CLAccelerator openCL => new OpenCLBackend(openCL, Stream, _map),
            _ => new CpuBackend((CPUAccelerator)accelerator),
        };
    }

    /// <summary>Lists the devices of this machine.</summary>
    /// <param name="includeOpenCL">Whether to look for OpenCL devices, which loads the vendors' drivers.</param>
    /// <returns>CUDA devices, then the CPU accelerator, which is always there, then OpenCL devices.</returns>
    /// <remarks>
    /// Makes ILGPU find the drivers' libraries too. Call it, or open a device, before other code in the process uses ILGPU with CUDA or
    /// OpenCL: ILGPU looks once.
    /// </remarks>
    public static IReadOnlyList<GpuDeviceInfo> Enumerate(bool includeOpenCL = false)
    {
        List<GpuDeviceInfo> found = [.. Describe(GpuDeviceKind.Cuda, CudaDevices())];
        found.AddRange(Describe(GpuDeviceKind.CpuAccelerator, [GpuDeviceOptions.Default.CpuAccelerator]));
        if (includeOpenCL)
        {
            found.AddRange(Describe(GpuDeviceKind.OpenCL, OpenCLDevices()));
        }

        return found;
    }

    /// <summary>Opens a device with an ILGPU context of its own.</summary>
    /// <param name="kind">What drives it.</param>
    /// <param name="ordinal">Its number among devices of the kind, from 0; 0 for the CPU accelerator.</param>
    /// <param name="options">How, or null for the defaults.</param>
    /// <returns>The device; dispose it.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="ordinal"/> is below 0, or <paramref name="kind"/> is none.</exception>
    /// <exception cref="PlatformNotSupportedException">There is no such device; the message names those that were found.</exception>
    public static GpuDevice Open(GpuDeviceKind kind, int ordinal = 0, GpuDeviceOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(ordinal);
        options ??= GpuDeviceOptions.Default;
        ImmutableArray<Device> devices = kind switch
        {
            GpuDeviceKind.Cuda => CudaDevices(),
            GpuDeviceKind.OpenCL => OpenCLDevices(),
            GpuDeviceKind.CpuAccelerator => [options.CpuAccelerator],
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, $"kind is {kind}; expected {string.Join(", ", Enum.GetNames<GpuDeviceKind>())}."),
        };
        if (ordinal >= devices.Length)
        {
            throw Absent(kind, ordinal);
        }

        Context context = Context.Create(builder => Configure(builder, options));
        try
        {
            Accelerator accelerator = Create(devices[ordinal], context);
            return new GpuDevice(accelerator, stream: null, Describe(kind, devices)[ordinal], context);
        }
        catch
        {
            // The accelerator is the context's.
            context.Dispose();
            throw;
        }
    }

    /// <summary>Uses an engine's accelerator; it stays the engine's, and must outlive the device and its memory.</summary>
    /// <param name="accelerator">The accelerator.</param>
    /// <param name="stream">The stream on which the engine launches its kernels, or null for a new one. It stays the engine's.</param>
    /// <returns>The device; dispose it before the accelerator.</returns>
    /// <exception cref="ArgumentException">The stream belongs to another accelerator.</exception>
    public static GpuDevice Adopt(Accelerator accelerator, AcceleratorStream? stream = null)
    {
        ArgumentNullException.ThrowIfNull(accelerator);
        if (stream is not null && stream.Accelerator != accelerator)
        {
            throw new ArgumentException("The stream belongs to another accelerator; expected one of the accelerator given.", nameof(stream));
        }

        DriverLibraries.Install();
        GpuDeviceKind kind = accelerator.AcceleratorType switch
        {
            AcceleratorType.Cuda => GpuDeviceKind.Cuda,
            AcceleratorType.OpenCL => GpuDeviceKind.OpenCL,
            _ => GpuDeviceKind.CpuAccelerator,
        };
        int ordinal = accelerator is CudaAccelerator cuda ? cuda.DeviceId : 0;
        return new GpuDevice(accelerator, stream, new GpuDeviceInfo(kind, ordinal, accelerator.Name, accelerator.MemorySize), ownedContext: null);
    }

    /// <summary>The settings that kernels of this package are compiled with, on a device or without one.</summary>
    internal static void Configure(Context.Builder builder, GpuDeviceOptions options)
    {
        builder.Optimize(OptimizationLevel.O2).EnableAlgorithms();
        options.Configure?.Invoke(builder);
    }

    private static ImmutableArray<Device> CudaDevices()
    {
        DriverLibraries.Install();
        return CudaDevice.GetDevices(static device => device.Architecture.HasValue && device.InstructionSet.HasValue);
    }

    private static ImmutableArray<Device> OpenCLDevices()
    {
        DriverLibraries.Install();
        return CLDevice.GetDevices(static device => device.DeviceVersion >= CLDeviceVersion.CL20);
    }

    private static Accelerator Create(Device device, Context context)
    {
        if (device is CPUDevice cpu)
        {
            // The other mode runs one thread after the other, a hundred times slower where they meet at barriers.
            return cpu.CreateCPUAccelerator(context, CPUAcceleratorMode.Parallel);
        }

        if (device is CLDevice { Capabilities.GenericAddressSpace: false } openCL)
        {
            // ILGPU refuses devices without it, whether kernels need it or not. Those of this package do not.
            typeof(CLCapabilityContext).GetProperty(nameof(CLCapabilityContext.GenericAddressSpace))?.SetValue(openCL.Capabilities, true);
        }

        return device.CreateAccelerator(context);
    }

    private static List<GpuDeviceInfo> Describe(GpuDeviceKind kind, ImmutableArray<Device> devices) =>
        [.. devices.Select((device, ordinal) => new GpuDeviceInfo(kind, ordinal, device.Name, device.MemorySize))];

    private static PlatformNotSupportedException Absent(GpuDeviceKind kind, int ordinal)
    {
        string name = kind switch
        {
            GpuDeviceKind.Cuda => "CUDA device",
            GpuDeviceKind.OpenCL => "OpenCL device",
            _ => "CPU accelerator",
        };
        string library = kind == GpuDeviceKind.Cuda && !DriverLibraries.TryLoadCuda(out _) ? " CUDA's driver library was not found."
            : kind == GpuDeviceKind.OpenCL && !DriverLibraries.TryLoadOpenCL(out _) ? " OpenCL's library was not found."
            : DriverLibraries.Install() ? string.Empty
            : " Other code has set a resolver of native libraries for ILGPU's assembly, which decides what ILGPU finds.";
        string found = string.Join(", ", Enumerate(kind == GpuDeviceKind.OpenCL));
        return new PlatformNotSupportedException($"There is no {name} {ordinal}.{library} Found: {found}.");
    }
}
