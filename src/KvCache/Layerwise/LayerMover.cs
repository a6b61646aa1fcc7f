using System.Runtime.InteropServices;
using KvCache.Blocks;
using KvCache.Memory;
using KvCache.Paged;
using KvCache.Steps;

namespace KvCache.Layerwise;

/// <summary>Brings the layers of the open step to the device, before they are used where there is room, and lets them go afterwards.</summary>
internal sealed class LayerMover : ILayerTraffic
{
    private readonly LayerMemory _memory;
    private readonly PagedKvAllocator _books;
    private readonly LayerRows _rows;
    private readonly PageTable[] _tables;
    private readonly Layer[] _layers;
    private readonly int _depth;
    private readonly int _attempts;
    private readonly Func<int, bool> _isUsed;
    private long _step;
    private int _idleScanned = -1;
    private int _hand;

    public LayerMover(
        LayerwiseKvAllocatorOptions options, LayerMemory memory, PagedKvAllocator books, LayerRows rows, PageTable[] tables)
    {
        _memory = memory;
        _books = books;
        _rows = rows;
        _tables = tables;
        _layers = [.. tables.Select(_ => new Layer())];
        _depth = options.PrefetchDepth;
        _attempts = options.CopyAttempts;
        _isUsed = layer => _layers[layer].IsLoaded;
        memory.Mover = this;
    }

    public bool IsOpen { get; private set; }

    private LayerFrames Frames => _memory.Frames;

    /// <summary>Notes that a page of a layer was moved, so that its table is to be written anew.</summary>
    public void Moved(int layer) => _layers[layer].IsSettled = false;

    /// <summary>Begins a step, whose rows are known, and starts the copies of the first layers.</summary>
    public void Begin()
    {
        IsOpen = true;
        _step++;
        _memory.Copies.ResetCounts();
        Prefetch(0);
    }

    public void Enter(int number)
    {
        Layer layer = _layers[number];
        if (layer.IsEntered)
        {
            return;
        }

        Load(number, layer, must: true);
        layer.IsEntered = true;
        if (layer.Arriving.Count > 0)
        {
            Arrive(number, layer);
        }

        MarkWritten(number);
        Prefetch(number + 1);
    }

    public void Leave(int number)
    {
        Layer layer = _layers[number];
        if (layer.IsEntered)
        {
            layer.IsEntered = false;
            Unload(number, layer);
        }
    }

    /// <summary>Ends the step: whatever is still here for it goes.</summary>
    public void End(KvFence? elsewhere)
    {
        for (int number = 0; number < _layers.Length; number++)
        {
            _layers[number].IsEntered = false;
            Unload(number, _layers[number]);
        }

        if (elsewhere is not null)
        {
            Frames.GuardLeaving(_books.Ledger.Retired.Ended + 1);
        }

        IsOpen = false;
    }

    private void Prefetch(int next)
    {
        int end = Math.Min(_layers.Length, next + _depth);
        for (int number = next; number < end; number++)
        {
            Load(number, _layers[number], must: false);
        }
    }

    /// <summary>Gives every page of the rows a frame, starts the copies, and writes the table.</summary>
    private void Load(int number, Layer layer, bool must)
    {
        if (layer.IsLoaded)
        {
            return;
        }

        bool follows = layer.IsSettled && layer.Step == _step - 1;
        layer.IsLoaded = true;
        layer.IsSettled = true;
        layer.Arriving.Clear();
        PageTable table = _tables[number];
        table.Begin(_rows.Count);
        for (int row = 0; row < _rows.Count; row++)
        {
            int first = follows ? _rows.FirstChanged(row) : 0;
            if (first == int.MaxValue)
            {
                table.Keep(row);
            }
            else if (!TryShow(number, layer, row, first, must))
            {
                // There is no room ahead of time: what has a frame stays, the rest waits for its turn.
                layer.IsSettled = false;
                Submit(layer, 0);
                layer.IsLoaded = false;
                Unload(number, layer);
                return;
            }
        }

        layer.Step = _step;
        layer.IsSettled = layer.Staged.Count == 0;
        Submit(layer, 0);
    }

    private bool TryShow(int number, Layer layer, int row, int first, bool must)
    {
        ReadOnlySpan<int> blocks = _rows.Blocks(row)[first..];
        int[] pages = _memory.Pages.Frames(number);
        bool keeps = _rows.Keeps(row, number);
        Span<int> shown = _rows.Scratch(blocks.Length);
        for (int i = 0; i < blocks.Length; i++)
        {
            int frame = pages[blocks[i]];
            if (frame < 0)
            {
                if (!TryFindFrame(must, out frame))
                {
                    return false;
                }

                Bring(number, layer, blocks[i], frame, keeps);
            }
            else if (Frames[frame].Use != FrameUse.Kept || Frames[frame].Attempts > 0)
            {
                Use(layer, frame, keeps);
            }

            shown[i] = frame;
        }

        _tables[number].Write(row, _rows.Id(row), first, shown);
        return true;
    }

    private void Bring(int number, Layer layer, int block, int frame, bool keeps)
    {
        Frames.Assign(frame, number, block, keeps ? FrameUse.Kept : FrameUse.Staged);
        if (!keeps)
        {
            layer.Staged.Add(frame);
        }

        if (_memory.Pages.OnHost(number)[block])
        {
            layer.Arriving.Add(frame);
        }
    }

    /// <summary>Goes on with a frame that is staged for another row already, on its way out, or on its way in since an earlier step.</summary>
    private void Use(Layer layer, int number, bool keeps)
    {
        ref Frame frame = ref Frames[number];
        switch (frame.Use)
        {
            case FrameUse.Leaving:
                Frames.Recall(number, keeps ? FrameUse.Kept : FrameUse.Staged);
                if (!keeps)
                {
                    layer.Staged.Add(number);
                }

                break;
            case FrameUse.Staged when keeps:
                frame.Use = FrameUse.Kept;
                break;
            case FrameUse.Kept when !layer.Arriving.Contains(number):
                layer.Arriving.Add(number);
                break;
        }
    }

    private void Submit(Layer layer, int first)
    {
        ReadOnlySpan<int> arriving = CollectionsMarshal.AsSpan(layer.Arriving)[first..];
        int begin = 0;
        for (int i = 0; i <= arriving.Length; i++)
        {
            // What is on its way since an earlier step is not sent for again.
            if (i == arriving.Length || Frames[arriving[i]].Attempts > 0)
            {
                _memory.Copies.Submit(arriving[begin..i], Frames.All, toHost: false);
                begin = i + 1;
            }
        }
    }

    /// <summary>Waits for a layer's copies; what fails is tried again, and lost where it fails too often.</summary>
    private void Arrive(int number, Layer layer)
    {
        List<int> arriving = layer.Arriving;
        long start = _memory.Copies.Now;
        bool blocked = false;
        int pages = arriving.Count;
        while (arriving.Count > 0)
        {
            int failed = 0;
            for (int i = 0; i < arriving.Count; i++)
            {
                ref Frame frame = ref Frames[arriving[i]];
                blocked |= !frame.Copy.Fence.HasPassed;
                if (frame.Copy.Wait())
                {
                    frame.Attempts = 0;
                }
                else if (frame.Attempts >= _attempts)
                {
                    frame.Attempts = 0;
                    _memory.Pages.OnHost(number)[frame.Block] = false;
                    _memory.Lose(number, frame.Block);
                }
                else
                {
                    arriving[failed++] = arriving[i];
                }
            }

            arriving.RemoveRange(failed, arriving.Count - failed);
            if (failed > 0)
            {
                _memory.Copies.Submit(CollectionsMarshal.AsSpan(arriving), Frames.All, toHost: false);
            }
        }

        if (blocked)
        {
            _memory.Copies.Observe(pages, start, toHost: false);
        }
    }

    /// <summary>What the step writes is not on the host any more.</summary>
    private void MarkWritten(int number)
    {
        bool[] onHost = _memory.Pages.OnHost(number);
        for (int row = 0; row < _rows.Count; row++)
        {
            ReadOnlySpan<int> blocks = _rows.Blocks(row);
            for (int i = _rows.FirstWritten(row); i < blocks.Length; i++)
            {
                onHost[blocks[i]] = false;
            }
        }
    }

    private void Unload(int number, Layer layer)
    {
        if (layer.Staged.Count > 0)
        {
            foreach (int frame in layer.Staged)
            {
                if (Frames[frame].Use == FrameUse.Staged && Frames[frame].Layer == number)
                {
                    Frames.AddLeaving(frame);
                }
            }

            layer.Staged.Clear();
            layer.IsSettled = false;
            Frames.Send(_memory.Device.RecordFence(), 0);
        }

        if (layer.Arriving.Count > 0)
        {
            layer.IsSettled = false;
            layer.Arriving.Clear();
        }

        layer.IsLoaded = false;
    }

    private bool TryFindFrame(bool must, out int frame)
    {
        if (Frames.TryTake(out frame) || (ReclaimIdle() && Frames.TryTake(out frame)))
        {
            return true;
        }

        while (must)
        {
            if (Frames.FinishOldest() || ReclaimIdle() || DropPrefetched() || _memory.Retention.TryForce(_isUsed))
            {
                if (Frames.TryTake(out frame))
                {
                    return true;
                }

                continue;
            }

            string entered = string.Join(", ", _layers.Index().Where(layer => layer.Item.IsEntered).Select(layer => layer.Index));
            Throw.InvalidOperation(
                $"The device has no room for another layer of the step's rows beside layers {entered}, which were entered and not left.");
        }

        return false;
    }

    /// <summary>Lets pages of blocks that nobody owns leave, some at a time; what can still be found is copied to the host.</summary>
    private bool ReclaimIdle()
    {
        BlockPool pool = _books.Ledger.Pool;
        int idle = pool.Idle.Count;
        if (idle == 0 || idle == _idleScanned)
        {
            return false;
        }

        const int Batch = 64;
        int found = 0;
        for (int i = 0; i < Frames.HighWater && found < Batch; i++)
        {
            _hand = _hand + 1 < Frames.HighWater ? _hand + 1 : 0;
            ref Frame frame = ref Frames[_hand];
            if (frame.Use == FrameUse.Kept && pool.IsUnowned(frame.Block))
            {
                found++;
                if (!pool.IsPublished(frame.Block))
                {
                    Frames.Drop(frame.Layer, frame.Block);
                }
                else
                {
                    Frames.AddLeaving(_hand);
                }
            }
        }

        Frames.Send(default, 0);
        _idleScanned = found == 0 ? idle : -1;
        return found > 0;
    }

    /// <summary>Gives up what was brought ahead of time and is not used yet.</summary>
    private bool DropPrefetched()
    {
        for (int number = _layers.Length - 1; number >= 0; number--)
        {
            Layer layer = _layers[number];
            if (layer is { IsLoaded: true, IsEntered: false } && layer.Staged.Count > 0)
            {
                Unload(number, layer);
                return true;
            }
        }

        return false;
    }

    /// <summary>What is known of one layer in the open step.</summary>
    private sealed class Layer
    {
        public bool IsLoaded;
        public bool IsEntered;

        /// <summary>Whether its table is right for the rows of the step in which it was written.</summary>
        public bool IsSettled;
        public long Step;

        /// <summary>Frames that are here for this step.</summary>
        public List<int> Staged { get; } = [];

        /// <summary>Frames whose copies have not been looked at.</summary>
        public List<int> Arriving { get; } = [];
    }
}
