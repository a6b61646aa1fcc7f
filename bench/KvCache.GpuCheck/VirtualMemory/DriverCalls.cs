using System.Diagnostics;
using KvCache.Cuda;
using KvCache.Cuda.Driver;
using KvCache.Cuda.Mapping;

namespace KvCache.GpuCheck.VirtualMemory;

/// <summary>Makes the driver's calls for virtual memory one by one and takes their times; gives everything back.</summary>
internal sealed unsafe class DriverCalls(CudaDevice device)
{
    private readonly CudaDriver _driver = device.Driver;
    private readonly Dictionary<string, CallTimes> _times = [];

    /// <summary>Gets the calls' times, in the order in which a run makes them.</summary>
    public IReadOnlyDictionary<string, CallTimes> Times => _times;

    /// <summary>Reserves, creates, maps, gives access, maps once more elsewhere read-only, unmaps, releases and frees a run of chunks, again and again.</summary>
    /// <param name="chunks">Chunks of the run.</param>
    /// <param name="chunkBytes">Bytes of each.</param>
    /// <param name="rounds">How often.</param>
    /// <param name="beforeRound">Called before each round, to keep the device busy; null to leave it idle.</param>
    public void Run(int chunks, long chunkBytes, int rounds, Action? beforeRound)
    {
        using CudaScope scope = device.Enter();
        ulong[] handles = new ulong[chunks];
        for (int round = 0; round < rounds; round++)
        {
            beforeRound?.Invoke();
            Run(handles, (nuint)chunkBytes);
        }
    }

    private void Run(ulong[] handles, nuint chunkBytes)
    {
        CudaEntryPoints entries = _driver.Entries;
        nuint bytes = (nuint)handles.Length * chunkBytes;
        ulong address;
        Take("reserve", CudaEntryPoint.cuMemAddressReserve, Stopwatch.GetTimestamp(), entries.cuMemAddressReserve(&address, 2 * bytes, chunkBytes, 0, 0));
        CudaAllocationProperties properties = CudaMapper.PropertiesOf(device.Device);
        for (int i = 0; i < handles.Length; i++)
        {
            ulong handle;
            Take("create, each", CudaEntryPoint.cuMemCreate, Stopwatch.GetTimestamp(), entries.cuMemCreate(&handle, chunkBytes, &properties, 0));
            handles[i] = handle;
        }

        Map("map, each", address, handles, chunkBytes);
        GiveAccess("set access, the run", address, bytes, CudaAccess.ReadWrite);
        Map("map once more, each", address + bytes, handles, chunkBytes);
        GiveAccess("set access once more, read-only, the run", address + bytes, bytes, CudaAccess.Read);
        Take("unmap, the run", CudaEntryPoint.cuMemUnmap, Stopwatch.GetTimestamp(), entries.cuMemUnmap(address + bytes, bytes));
        Take("unmap, the run", CudaEntryPoint.cuMemUnmap, Stopwatch.GetTimestamp(), entries.cuMemUnmap(address, bytes));
        foreach (ulong handle in handles)
        {
            Take("release, each", CudaEntryPoint.cuMemRelease, Stopwatch.GetTimestamp(), entries.cuMemRelease(handle));
        }

        Take("free addresses", CudaEntryPoint.cuMemAddressFree, Stopwatch.GetTimestamp(), entries.cuMemAddressFree(address, 2 * bytes));
    }

    private void Map(string name, ulong address, ulong[] handles, nuint chunkBytes)
    {
        for (int i = 0; i < handles.Length; i++)
        {
            Take(
                name,
                CudaEntryPoint.cuMemMap,
                Stopwatch.GetTimestamp(),
                _driver.Entries.cuMemMap(address + ((ulong)i * chunkBytes), chunkBytes, 0, handles[i], 0));
        }
    }

    private void GiveAccess(string name, ulong address, nuint bytes, CudaAccess access)
    {
        CudaAccessDescriptor descriptor = new()
        {
            Location = new CudaLocation { Type = CudaLocationType.Device, Id = device.Device },
            Access = access,
        };
        Take(name, CudaEntryPoint.cuMemSetAccess, Stopwatch.GetTimestamp(), _driver.Entries.cuMemSetAccess(address, bytes, &descriptor, 1));
    }

    /// <summary>Enters a call's time; arguments are evaluated from left to right, so that <paramref name="start"/> was taken before the call.</summary>
    private void Take(string name, CudaEntryPoint entryPoint, long start, CudaError answer)
    {
        long ticks = Stopwatch.GetTimestamp() - start;
        _driver.Check(answer, entryPoint);
        if (!_times.TryGetValue(name, out CallTimes? times))
        {
            _times.Add(name, times = new CallTimes());
        }

        times.Add(ticks);
    }
}
