using System.Runtime.InteropServices;
using KvCache.Memory;
using KvCache.Paged;

namespace KvCache.Layerwise;

/// <summary>Gives the pages of the step's rows frames in one layer, sees to their copies, and writes the layer's page table.</summary>
internal sealed class LayerLoader
{
    private readonly LayerMemory _memory;
    private readonly LayerRows _rows;
    private readonly FrameSource _source;
    private readonly int _attempts;

    public LayerLoader(
        LayerwiseKvAllocatorOptions options, LayerMemory memory, PagedKvAllocator books, LayerRows rows, StepLayer[] layers)
    {
        _memory = memory;
        _rows = rows;
        _source = new FrameSource(memory, books, layers, layer => Unload(layer, elsewhere: null));
        _attempts = options.CopyAttempts;
    }

    private LayerFrames Frames => _memory.Frames;

    /// <summary>Gives every page of the rows a frame, starts the copies, and writes the table.</summary>
    /// <returns>False where there is no room ahead of time for all of them; those that have frames keep them.</returns>
    public bool Load(StepLayer layer, bool must)
    {
        if (layer.State is StepLayerState.Loaded or StepLayerState.Entered)
        {
            return true;
        }

        layer.State = StepLayerState.Loading;
        bool shown = layer.Follows(_rows.Step) ? ShowChanged(layer, must) : ShowAll(layer, must);
        Submit(layer);
        if (!shown)
        {
            layer.State = StepLayerState.Partial;
            layer.Unsettle();
            return false;
        }

        layer.State = StepLayerState.Loaded;
        layer.Settle(_rows.Step);
        return true;
    }

    /// <summary>Waits for a layer's copies; what fails is tried again, and lost where it fails too often.</summary>
    public void Arrive(StepLayer layer)
    {
        List<int> arriving = layer.Arriving;
        while (arriving.Count > 0)
        {
            int again = 0;
            for (int i = 0; i < arriving.Count; i++)
            {
                ref Frame frame = ref Frames[arriving[i]];
                if (_memory.Copies.Wait(ref frame, toHost: false))
                {
                    frame.Attempts = 0;
                }
                else if (frame.Attempts < _attempts)
                {
                    arriving[again++] = arriving[i];
                }
                else
                {
                    frame.Attempts = 0;
                    _memory.Pages.SetOnHost(layer.Number, frame.Block, false);
                    _memory.Lose(layer.Number, frame.Block);
                }
            }

            arriving.RemoveRange(again, arriving.Count - again);
            _memory.Copies.Submit(CollectionsMarshal.AsSpan(arriving), Frames.All, toHost: false);
        }
    }

    /// <summary>Sends what is here for the step out; what stays, stays.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="elsewhere">Passes when the layer's work has finished, where the device has not been given it.</param>
    public void Unload(StepLayer layer, KvFence? elsewhere)
    {
        if (layer.Staged.Count > 0)
        {
            foreach (int frame in layer.Staged)
            {
                if (Frames[frame].Use == FrameUse.Staged)
                {
                    Frames.AddLeaving(frame);
                }
            }

            layer.Staged.Clear();
            elsewhere?.Wait();
            Frames.Send(_memory.Device.RecordFence(), steps: 0);
        }

        if (layer.Arriving.Count > 0)
        {
            // Nobody has looked at these copies: whoever shows the pages next must.
            foreach (int frame in layer.Arriving)
            {
                Frames[frame].Arrival = 0;
            }

            layer.Arriving.Clear();
            layer.Unsettle();
        }

        layer.State = StepLayerState.Away;
    }

    private bool ShowAll(StepLayer layer, bool must)
    {
        layer.Table.Begin(_rows.Count, _rows.Columns);
        for (int row = 0; row < _rows.Count; row++)
        {
            if (!TryShow(layer, row, 0, must))
            {
                return false;
            }
        }

        return true;
    }

    private bool ShowChanged(StepLayer layer, bool must)
    {
        layer.Table.Begin(_rows.Count, _rows.Columns);
        foreach (int row in _rows.Changed)
        {
            if (!TryShow(layer, row, _rows.FirstChanged(row), must))
            {
                return false;
            }
        }

        return true;
    }

    private bool TryShow(StepLayer layer, int row, int first, bool must)
    {
        ReadOnlySpan<int> blocks = _rows.Blocks(row)[first..];
        Span<int> shown = _rows.Scratch(blocks.Length);
        bool keeps = _rows.Keeps(row, layer.Number);
        int[] pages = _memory.Pages.Frames(layer.Number);
        for (int i = 0; i < blocks.Length; i++)
        {
            int frame = pages[blocks[i]];
            if (frame < 0)
            {
                if (!_source.TryFind(layer, must, out frame))
                {
                    return false;
                }

                Bring(layer, blocks[i], frame, keeps);
            }
            else if (!TryUse(layer, frame, keeps, must))
            {
                return false;
            }

            shown[i] = frame;
        }

        layer.Table.Write(row, _rows.Id(row), first, shown);
        return true;
    }

    private void Bring(StepLayer layer, int block, int number, bool keeps)
    {
        Frames.Assign(number, layer.Number, block, keeps ? FrameUse.Kept : FrameUse.Staged);
        if (!keeps)
        {
            layer.Staged.Add(number);
        }

        if (_memory.Pages.OnHost(layer.Number, block))
        {
            layer.Arriving.Add(number);
            Frames[number].Arrival = _rows.Step;
        }
    }

    /// <summary>Goes on with a frame that is kept, staged for another row already, on its way out, or on its way in since an earlier step.</summary>
    private bool TryUse(StepLayer layer, int number, bool keeps, bool must)
    {
        ref Frame frame = ref Frames[number];
        if (frame.Use == FrameUse.Leaving)
        {
            if (!Frames.TryRecall(number, keeps ? FrameUse.Kept : FrameUse.Staged, must))
            {
                return false;
            }

            if (!keeps)
            {
                layer.Staged.Add(number);
            }
        }
        else if (keeps)
        {
            frame.Use = FrameUse.Kept;
        }

        if (frame.Attempts > 0 && frame.Arrival != _rows.Step)
        {
            frame.Arrival = _rows.Step;
            layer.Arriving.Add(number);
        }

        return true;
    }

    /// <summary>Starts the copies that have not been under way since an earlier step.</summary>
    private void Submit(StepLayer layer)
    {
        ReadOnlySpan<int> arriving = CollectionsMarshal.AsSpan(layer.Arriving);
        int begin = 0;
        for (int i = 0; i <= arriving.Length; i++)
        {
            if (i == arriving.Length || Frames[arriving[i]].Attempts > 0)
            {
                _memory.Copies.Submit(arriving[begin..i], Frames.All, toHost: false);
                begin = i + 1;
            }
        }
    }
}
