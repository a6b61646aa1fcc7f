using KvCache.Cuda;
using KvCache.Memory;

namespace KvCache.GpuCheck.VirtualMemory;

/// <summary>Writes and reads numbers of eight bytes at device addresses, many in one transfer. A link's copies wait for the device's work so far.</summary>
internal sealed unsafe class StampPort : IDisposable
{
    private const int Most = 4096;
    private readonly CudaHostLink _link;
    private readonly CudaPinnedMemory _pinned;
    private readonly List<KvCopy> _pieces = [];

    public StampPort(CudaDevice device)
    {
        _link = new CudaHostLink(device);
        _pinned = device.TryAllocatePinned(Most * sizeof(ulong), out CudaPinnedMemory? pinned)
            ? pinned
            : throw new OutOfMemoryException("The host has no pinned memory left.");
    }

    private Span<ulong> Numbers => new((void*)_pinned.Address, Most);

    public void Write(IEnumerable<(nint Address, ulong Stamp)> stamps)
    {
        foreach ((nint Address, ulong Stamp)[] batch in stamps.Chunk(Most))
        {
            _pieces.Clear();
            for (int i = 0; i < batch.Length; i++)
            {
                Numbers[i] = batch[i].Stamp;
                _pieces.Add(new KvCopy(Host(i), batch[i].Address, sizeof(ulong)));
            }

            Finish(_link.CopyToDevice(_pieces.ToArray()));
        }
    }

    /// <summary>Counts the addresses at which something else stands than is expected.</summary>
    public int CountWrong(IEnumerable<(nint Address, ulong Stamp)> expected)
    {
        int wrong = 0;
        foreach ((nint Address, ulong Stamp)[] batch in expected.Chunk(Most))
        {
            _pieces.Clear();
            for (int i = 0; i < batch.Length; i++)
            {
                _pieces.Add(new KvCopy(batch[i].Address, Host(i), sizeof(ulong)));
            }

            Finish(_link.CopyToHost(_pieces.ToArray()));
            for (int i = 0; i < batch.Length; i++)
            {
                wrong += Numbers[i] == batch[i].Stamp ? 0 : 1;
            }
        }

        return wrong;
    }

    public void Dispose()
    {
        _pinned.Dispose();
        _link.Dispose();
    }

    private nint Host(int index) => _pinned.Address + (index * sizeof(ulong));

    private static void Finish(KvTransfer transfer)
    {
        if (!transfer.Wait())
        {
            throw new IOException("A copy of the driver has failed.");
        }
    }
}
