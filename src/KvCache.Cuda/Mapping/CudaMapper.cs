using KvCache.Cuda.Driver;

namespace KvCache.Cuda.Mapping;

/// <summary>The driver's calls on chunks of one size, without books. The context is current wherever they are made.</summary>
internal sealed unsafe class CudaMapper(CudaContext context, int device, long chunkBytes, bool mayMapWhileRunning)
{
    private static readonly CudaLocationType OnDevice = CudaLocationType.Device;

    public CudaContext Context => context;

    public long ChunkBytes => chunkBytes;

    public CudaDriver Driver => context.Driver;

    /// <summary>What chunks are made of.</summary>
    public static CudaAllocationProperties PropertiesOf(int device) =>
        new() { Type = CudaAllocationType.Pinned, Location = new CudaLocation { Type = OnDevice, Id = device } };

    public bool Try(CudaError answer, CudaEntryPoint entryPoint)
    {
        if (answer == CudaError.Success)
        {
            return true;
        }

        context.Note(answer, entryPoint);
        return answer.IsSticky() ? throw Driver.Describe(answer, entryPoint) : false;
    }

    public bool TryReserve(long bytes, out nint address)
    {
        ulong reserved = 0;
        bool done = Try(
            Driver.Entries.cuMemAddressReserve(&reserved, (nuint)bytes, (nuint)chunkBytes, 0, 0), CudaEntryPoint.cuMemAddressReserve);
        address = (nint)reserved;
        return done;
    }

    public bool TryFree(nint address, long bytes) =>
        Try(Driver.Entries.cuMemAddressFree((ulong)address, (nuint)bytes), CudaEntryPoint.cuMemAddressFree);

    public bool TryCreate(out ulong handle)
    {
        CudaAllocationProperties properties = PropertiesOf(device);
        ulong created = 0;
        bool done = Try(Driver.Entries.cuMemCreate(&created, (nuint)chunkBytes, &properties, 0), CudaEntryPoint.cuMemCreate);
        handle = created;
        return done;
    }

    public bool TryRelease(ulong handle) => Try(Driver.Entries.cuMemRelease(handle), CudaEntryPoint.cuMemRelease);

    /// <summary>Maps chunks one after the other and gives access to all of them in one call; all or nothing.</summary>
    /// <param name="address">Where the first goes.</param>
    /// <param name="handles">The chunks.</param>
    /// <param name="writable">Whether they may be written to there.</param>
    /// <param name="left">How many mappings are left although the answer is false, because the driver refused to take them away again.</param>
    public bool TryMap(nint address, ReadOnlySpan<ulong> handles, bool writable, out int left)
    {
        left = 0;
        if (!TryWaitForDevice())
        {
            return false;
        }

        int mapped = 0;
        try
        {
            while (mapped < handles.Length && Try(
                Driver.Entries.cuMemMap((ulong)(address + (nint)(mapped * chunkBytes)), (nuint)chunkBytes, 0, handles[mapped], 0), CudaEntryPoint.cuMemMap))
            {
                mapped++;
            }

            if (mapped == handles.Length && TrySetAccess(address, mapped, writable))
            {
                mapped = 0;
                return true;
            }
        }
        finally
        {
            // What failed must be heard of, not what undoing it failed with.
            left = mapped > 0 && Driver.Entries.cuMemUnmap((ulong)address, (nuint)(mapped * chunkBytes)) != CudaError.Success ? mapped : 0;
        }

        return false;
    }

    public bool TryUnmap(nint address, int count) => TryWaitForDevice()
        && Try(Driver.Entries.cuMemUnmap((ulong)address, (nuint)(count * chunkBytes)), CudaEntryPoint.cuMemUnmap);

    private bool TrySetAccess(nint address, int count, bool writable)
    {
        CudaAccessDescriptor descriptor = new()
        {
            Location = new CudaLocation { Type = OnDevice, Id = device },
            Access = writable ? CudaAccess.ReadWrite : CudaAccess.Read,
        };
        return Try(Driver.Entries.cuMemSetAccess((ulong)address, (nuint)(count * chunkBytes), &descriptor, 1), CudaEntryPoint.cuMemSetAccess);
    }

    /// <summary>Older devices do not bear changes of mappings while kernels run, even on other pages.</summary>
    private bool TryWaitForDevice() =>
        mayMapWhileRunning || Try(Driver.Entries.cuCtxSynchronize(), CudaEntryPoint.cuCtxSynchronize);
}
