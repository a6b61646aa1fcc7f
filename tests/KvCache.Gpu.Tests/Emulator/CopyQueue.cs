namespace KvCache.Gpu.Tests.Emulator;

/// <summary>The asynchronous copies of a warp's lanes, in groups; none happens before it is waited for.</summary>
internal sealed class CopyQueue
{
    private readonly Warp _warp;
    private readonly List<Copy>[] _open = new List<Copy>[Warp.Lanes];
    private readonly Queue<List<Copy>>[] _groups = new Queue<List<Copy>>[Warp.Lanes];

    public CopyQueue(Warp warp)
    {
        _warp = warp;
        for (int lane = 0; lane < Warp.Lanes; lane++)
        {
            _open[lane] = [];
            _groups[lane] = new Queue<List<Copy>>();
        }
    }

    /// <summary>Notes a copy of a lane; what it brings is read now.</summary>
    public void Begin(int lane, int address, byte[] contents) => _open[lane].Add(new Copy(address, contents));

    /// <summary>Makes the open copies of a lane a group.</summary>
    public void Commit(int lane)
    {
        _groups[lane].Enqueue(_open[lane]);
        _open[lane] = [];
    }

    /// <summary>Ends all groups of a lane but the latest few.</summary>
    public void Wait(int lane, int but)
    {
        while (_groups[lane].Count > but)
        {
            End(lane, _groups[lane].Dequeue());
        }
    }

    /// <summary>Ends all copies of a lane.</summary>
    public void WaitForAll(int lane)
    {
        Wait(lane, 0);
        End(lane, _open[lane]);
        _open[lane].Clear();
    }

    private void End(int lane, List<Copy> copies)
    {
        foreach (Copy copy in copies)
        {
            _warp.Block.Shared.EndCopy(_warp, lane, copy.Address, copy.Contents);
        }
    }

    private readonly record struct Copy(int Address, byte[] Contents);
}
