using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using KvCache.Cuda.Driver;

namespace KvCache.Cuda;

/// <summary>The CUDA driver of this machine, or a double of it.</summary>
/// <remarks>
/// Found at run time (<c>libcuda.so.1</c>, <c>libcuda.so</c>, <c>nvcuda.dll</c>), so that a program starts where there is none. Needs
/// CUDA 10.2 or newer and a 64-bit process. Any thread.
/// </remarks>
public sealed unsafe class CudaDriver
{
    private static readonly Lazy<(CudaDriver? Driver, string? Reason)> Loaded = new(LoadOnce);
    private readonly object? _owner;

    /// <summary>Wraps a table of functions and initialises the driver behind it.</summary>
    /// <param name="entries">The functions.</param>
    /// <param name="owner">What must live as long as the functions may be called.</param>
    /// <param name="hasMemory">Whether device addresses have bytes behind them.</param>
    /// <param name="isHostAccessible">Whether the processor can read and write at device addresses.</param>
    internal CudaDriver(in CudaEntryPoints entries, object? owner = null, bool hasMemory = true, bool isHostAccessible = false)
    {
        CudaLayout.Check();
        Entries = entries;
        _owner = owner;
        HasMemory = hasMemory;
        IsHostAccessible = isHostAccessible;
        Check(Entries.cuInit(0), CudaEntryPoint.cuInit);
    }

    internal readonly CudaEntryPoints Entries;

    internal bool HasMemory { get; }

    internal bool IsHostAccessible { get; }

    /// <summary>Gets the newest version of CUDA that the driver supports.</summary>
    /// <exception cref="CudaException">The driver refused.</exception>
    public Version Version
    {
        get
        {
            int version;
            Check(Entries.cuDriverGetVersion(&version), CudaEntryPoint.cuDriverGetVersion);
            return new Version(version / 1000, version % 1000 / 10);
        }
    }

    /// <summary>Gets whether this is a double, not the driver of a GPU.</summary>
    public bool IsSimulated => _owner is not null;

    /// <summary>Looks for this machine's driver. The answer is the same for the whole life of the process.</summary>
    /// <param name="driver">The driver, when the answer is true.</param>
    /// <param name="reason">Why there is none, when the answer is false.</param>
    /// <returns>Whether there is a driver that can be used.</returns>
    public static bool TryLoad([NotNullWhen(true)] out CudaDriver? driver, [NotNullWhen(false)] out string? reason)
    {
        (driver, reason) = Loaded.Value;
        reason ??= driver is null ? "unknown" : null;
        return driver is not null;
    }

    /// <summary>Gets this machine's driver.</summary>
    /// <returns>The driver.</returns>
    /// <exception cref="PlatformNotSupportedException">There is none; the message says why.</exception>
    public static CudaDriver Load() =>
        TryLoad(out CudaDriver? driver, out string? reason) ? driver : throw new PlatformNotSupportedException(reason);

    /// <summary>Describes the devices.</summary>
    /// <returns>One entry per device, by ordinal; empty where there is none.</returns>
    /// <exception cref="CudaException">The driver refused.</exception>
    public IReadOnlyList<CudaDeviceInfo> GetDevices()
    {
        return [.. Enumerable.Range(0, GetDeviceCount()).Select(ordinal => Describe(GetDevice(ordinal), ordinal))];
    }

    /// <summary>The number of devices.</summary>
    internal int GetDeviceCount()
    {
        int count;
        CudaError answer = Entries.cuDeviceGetCount(&count);
        if (answer == CudaError.NoDevice)
        {
            return 0;
        }

        Check(answer, CudaEntryPoint.cuDeviceGetCount);
        return count;
    }

    /// <summary>The driver's handle of a device.</summary>
    internal int GetDevice(int ordinal)
    {
        int device;
        Check(Entries.cuDeviceGet(&device, ordinal), CudaEntryPoint.cuDeviceGet);
        return device;
    }

    /// <summary>Describes a device by its handle.</summary>
    internal CudaDeviceInfo Describe(int device, int ordinal)
    {
        const int capacity = 256;
        byte* name = stackalloc byte[capacity];
        nuint bytes;
        Check(Entries.cuDeviceGetName(name, capacity, device), CudaEntryPoint.cuDeviceGetName);
        Check(Entries.cuDeviceTotalMem_v2(&bytes, device), CudaEntryPoint.cuDeviceTotalMem_v2);
        Version capability = new(
            GetAttribute(CudaDeviceAttribute.ComputeCapabilityMajor, device), GetAttribute(CudaDeviceAttribute.ComputeCapabilityMinor, device));
        bool mapped = GetAttribute(CudaDeviceAttribute.VirtualMemoryManagementSupported, device) != 0;
        return new CudaDeviceInfo(ordinal, Marshal.PtrToStringUTF8((nint)name) ?? "", capability, (long)bytes, mapped);
    }

    /// <summary>Throws what an answer other than success means.</summary>
    internal void Check(CudaError answer, CudaEntryPoint entryPoint)
    {
        if (answer != CudaError.Success)
        {
            throw Describe(answer, entryPoint);
        }
    }

    /// <summary>Makes the exception that an answer stands for.</summary>
    internal CudaException Describe(CudaError answer, CudaEntryPoint entryPoint, string? consequence = null)
    {
        byte* text = null;
        string? name = Entries.cuGetErrorName(answer, &text) == CudaError.Success ? Marshal.PtrToStringUTF8((nint)text) : null;
        return new CudaException(answer, entryPoint.ToString(), name ?? "an error that the driver does not name", consequence);
    }

    private int GetAttribute(CudaDeviceAttribute attribute, int device)
    {
        int value;
        Check(Entries.cuDeviceGetAttribute(&value, attribute, device), CudaEntryPoint.cuDeviceGetAttribute);
        return value;
    }

    private static (CudaDriver? Driver, string? Reason) LoadOnce()
    {
        if (!CudaLibrary.TryLoad(out CudaEntryPoints entries, out string? reason))
        {
            return (null, reason);
        }

        try
        {
            return (new CudaDriver(entries), null);
        }
        catch (Exception exception) when (exception is CudaException or PlatformNotSupportedException)
        {
            return (null, exception.Message);
        }
    }
}
