using KvCache.Blocks;
using KvCache.Paged;

namespace KvCache.Layerwise;

/// <summary>Finds frames for a layer's pages: free ones, then those whose pages are least missed.</summary>
/// <remarks>
/// Layers are used in turn, so the page that is needed again last is one of the layer used last: that one goes first, not the one
/// that was used longest ago.
/// </remarks>
internal sealed class FrameSource(LayerMemory memory, PagedKvAllocator books, StepLayer[] layers, Action<StepLayer> unload)
{
    /// <summary>Frames that are looked for at a time.</summary>
    private const int Batch = 64;
    private int _idleScanned = -1;
    private int _hand;

    private LayerFrames Frames => memory.Frames;

    /// <summary>Finds a frame.</summary>
    /// <param name="layer">The layer that is being loaded.</param>
    /// <param name="must">Whether to wait and to take others' frames; where not, the answer may be that there is none.</param>
    /// <param name="frame">The frame.</param>
    public bool TryFind(StepLayer layer, bool must, out int frame)
    {
        if (Frames.TryTake(out frame) || (ReclaimIdle() && Frames.TryTake(out frame)))
        {
            return true;
        }

        while (must)
        {
            if (!Frames.FinishOldest() && !ReclaimIdle() && !DropPrefetched() && !TakeKept(layer.Number))
            {
                Refuse();
            }

            if (Frames.TryTake(out frame))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Lets pages of blocks that nobody owns leave, some at a time; what can still be found is copied to the host.</summary>
    private bool ReclaimIdle()
    {
        BlockPool pool = books.Ledger.Pool;
        int idle = pool.Idle.Count;
        if (idle == 0 || idle == _idleScanned)
        {
            return false;
        }

        int found = 0;
        for (int i = 0; i < Frames.HighWater && found < Batch; i++)
        {
            _hand = _hand + 1 < Frames.HighWater ? _hand + 1 : 0;
            ref Frame frame = ref Frames[_hand];
            if (frame.Use == FrameUse.Kept && pool.IsUnowned(frame.Block))
            {
                found++;
                if (pool.IsPublished(frame.Block))
                {
                    Frames.AddLeaving(_hand);
                }
                else
                {
                    Frames.Drop(frame.Layer, frame.Block);
                }
            }
        }

        Frames.Send(default, steps: 0);
        _idleScanned = found == 0 ? idle : -1;
        return found > 0;
    }

    /// <summary>Gives up what was brought ahead of time and is not used yet, the farthest ahead first.</summary>
    private bool DropPrefetched()
    {
        for (int number = layers.Length - 1; number >= 0; number--)
        {
            if (layers[number].State is StepLayerState.Loaded or StepLayerState.Partial)
            {
                unload(layers[number]);
                layers[number].Unsettle();
                return true;
            }
        }

        return false;
    }

    /// <summary>Sends kept pages out: of the layer that is needed again last.</summary>
    private bool TakeKept(int loading)
    {
        for (int distance = 1; distance < layers.Length; distance++)
        {
            StepLayer layer = layers[(loading - distance + layers.Length) % layers.Length];
            if (layer.State != StepLayerState.Away)
            {
                continue;
            }

            int found = 0;
            int[] pages = memory.Pages.Frames(layer.Number);
            for (int block = 0; block < pages.Length && found < Batch; block++)
            {
                if (pages[block] >= 0 && Frames[pages[block]].Use == FrameUse.Kept)
                {
                    Frames.AddLeaving(pages[block]);
                    found++;
                }
            }

            if (found > 0)
            {
                layer.Unsettle();
                Frames.Send(memory.Device.RecordFence(), books.Ledger.Retired.Ended);
                return true;
            }
        }

        return false;
    }

    private void Refuse()
    {
        string entered = string.Join(", ", layers.Where(layer => layer.State == StepLayerState.Entered).Select(layer => layer.Number));
        Throw.InvalidOperation(
            $"The device has no room for another layer of the step's rows beside layers {entered}, which were entered and not left.");
    }
}
