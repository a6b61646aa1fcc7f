namespace KvCache.Gpu.Devices;

/// <summary>Brings the tables of steps to the device: once per step and distinct page table.</summary>
/// <remarks>
/// <para>A table has a slot: pinned staging, a copy on the device, and the fence of its last upload. A slot is used again when the step
/// that it served has ended and its upload has passed, so that neither a later step nor another allocator on the device overwrites what
/// a copy has yet to read; on the device the overwriting copy is ordered behind the kernels that read the slot, because both are in the
/// compute stream. A thread that runs far ahead of the device waits once <see cref="LongestQueue"/> uploads are under way.</para>
/// <para>Any thread. Allocates when a slot is added or grows, nothing in steady state.</para>
/// </remarks>
internal sealed class StepTables(GpuDevice device) : IDisposable
{
    private const int LongestQueue = 8;
    private readonly Lock _gate = new();
    private readonly List<StepTableSlot> _slots = [];
    private int _recent;

    /// <summary>Gets how many uploads have been made.</summary>
    public long Uploads { get; private set; }

    /// <summary>Gets how many slots there are.</summary>
    public int Slots => _slots.Count;

    public GpuStepTables Get(KvLayerView view)
    {
        lock (_gate)
        {
            if (_slots.Count > 0 && _slots[_recent].Holds(view))
            {
                return _slots[_recent].Tables;
            }

            _recent = Find(view);
            if (_recent < 0)
            {
                _recent = Take();
                _slots[_recent].Upload(view);
                Uploads++;
            }

            return _slots[_recent].Tables;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            foreach (StepTableSlot slot in _slots)
            {
                slot.Dispose();
            }

            _slots.Clear();
            _recent = 0;
        }
    }

    private int Find(KvLayerView view)
    {
        for (int i = 0; i < _slots.Count; i++)
        {
            if (_slots[i].Holds(view))
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>A slot that nothing needs any more: the one that was filled first, or a new one.</summary>
    private int Take()
    {
        int oldest = -1;
        int waiting = 0;
        for (int i = 0; i < _slots.Count; i++)
        {
            if (!_slots[i].IsServing)
            {
                waiting++;
                oldest = oldest < 0 || _slots[i].Copied.Ticket < _slots[oldest].Copied.Ticket ? i : oldest;
            }
        }

        if (oldest >= 0 && (_slots[oldest].Copied.HasPassed || waiting >= LongestQueue))
        {
            _slots[oldest].Copied.Wait();
            return oldest;
        }

        _slots.Add(new StepTableSlot(device));
        return _slots.Count - 1;
    }
}
