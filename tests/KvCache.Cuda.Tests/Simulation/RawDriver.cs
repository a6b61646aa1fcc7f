using KvCache.Cuda.Driver;
using KvCache.Cuda.Simulation;
using Xunit;

namespace KvCache.Cuda.Tests.Simulation;

/// <summary>The driver's functions themselves, as a careless user calls them.</summary>
internal sealed unsafe class RawDriver : IDisposable
{
    public const ulong Granularity = 64 << 10;

    public RawDriver(SimulatedCudaOptions? options = null)
    {
        Simulator = new SimulatedCudaDriver((options ?? new SimulatedCudaOptions()) with { GranularityBytes = (long)Granularity });
        nint context;
        Succeed(Entries.cuDevicePrimaryCtxRetain(&context, 0));
        Succeed(Entries.cuCtxSetCurrent(context));
        Context = context;
    }

    public SimulatedCudaDriver Simulator { get; }

    public CudaEntryPoints Entries => Simulator.Driver.Entries;

    public nint Context { get; }

    public static void Succeed(CudaError answer) => Assert.Equal(CudaError.Success, answer);

    public ulong Reserve(ulong granules)
    {
        ulong address;
        Succeed(Entries.cuMemAddressReserve(&address, (nuint)(granules * Granularity), 0, 0, 0));
        return address;
    }

    public CudaError Create(ulong bytes, out ulong handle)
    {
        CudaAllocationProperties properties = new()
        {
            Type = CudaAllocationType.Pinned,
            Location = new CudaLocation { Type = CudaLocationType.Device },
        };
        fixed (ulong* created = &handle)
        {
            return Entries.cuMemCreate(created, (nuint)bytes, &properties, 0);
        }
    }

    public ulong Create(ulong granules = 1)
    {
        Succeed(Create(granules * Granularity, out ulong handle));
        return handle;
    }

    public CudaError Map(ulong address, ulong handle, ulong granules = 1) =>
        Entries.cuMemMap(address, (nuint)(granules * Granularity), 0, handle, 0);

    public CudaError Unmap(ulong address, ulong granules = 1) => Entries.cuMemUnmap(address, (nuint)(granules * Granularity));

    public CudaError SetAccess(ulong address, ulong granules = 1, CudaAccess access = CudaAccess.ReadWrite)
    {
        CudaAccessDescriptor descriptor = new() { Location = new CudaLocation { Type = CudaLocationType.Device }, Access = access };
        return Entries.cuMemSetAccess(address, (nuint)(granules * Granularity), &descriptor, 1);
    }

    /// <summary>Some granules in a row, mapped one by one, with access.</summary>
    public ulong MapRun(ulong granules)
    {
        ulong address = Reserve(granules + 1);
        for (ulong i = 0; i < granules; i++)
        {
            Succeed(Map(address + (i * Granularity), Create()));
        }

        Succeed(SetAccess(address, granules));
        return address;
    }

    public nint CreateStream()
    {
        nint stream;
        Succeed(Entries.cuStreamCreate(&stream, 1));
        return stream;
    }

    public void Dispose() => Simulator.Dispose();
}
